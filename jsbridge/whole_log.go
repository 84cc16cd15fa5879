//go:build js && wasm

package jsbridge

import (
	"context"
	"strconv"

	"github.com/flumedb/flumedb-wasm/core"
)

func refresh(handle, request uint32) {
	log, ok := opened(handle, request)
	if !ok {
		return
	}
	start(request, func(ctx context.Context) (answer, error) {
		seq, err := log.Refresh(ctx)
		return answer{a: float64(seq)}, err
	})
}

func checkpoint(handle, request uint32, name string) {
	log, ok := opened(handle, request)
	if !ok {
		return
	}
	start(request, func(ctx context.Context) (answer, error) {
		value, err := log.Checkpoint(ctx, name)
		if value == nil {
			return answer{}, err
		}
		return answer{a: 1, data: value}, err
	})
}

func setCheckpoint(handle, request uint32, name string, value []byte, keep bool) {
	defer releaseStaging()
	log, ok := opened(handle, request)
	if !ok {
		return
	}
	var kept []byte // of our own: the staging buffer is used again
	if keep {
		kept = append([]byte{}, value...)
	}
	start(request, func(ctx context.Context) (answer, error) {
		return answer{}, log.SetCheckpoint(ctx, name, kept)
	})
}

func verify(handle, request uint32) {
	log, ok := opened(handle, request)
	if !ok {
		return
	}
	start(request, func(ctx context.Context) (answer, error) {
		total := float64(log.Since() + 1)
		report, err := log.Verify(ctx, func(seq core.Seq) {
			progress(request, float64(seq+1), total)
		})
		return answer{data: reportJSON(report)}, err
	})
}

// reportJSON writes a report by hand: encoding/json would be a third of the
// module.
func reportJSON(r core.Report) []byte {
	b := []byte(`{"records":`)
	b = strconv.AppendInt(b, r.Records, 10)
	b = append(b, `,"segments":`...)
	b = strconv.AppendInt(b, int64(r.Segments), 10)
	b = append(b, `,"bytes":`...)
	b = strconv.AppendInt(b, r.Bytes, 10)
	b = append(b, `,"damage":[`...)
	for i, d := range r.Damage {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"first":`...)
		b = strconv.AppendInt(b, int64(d.First), 10)
		b = append(b, `,"last":`...)
		b = strconv.AppendInt(b, int64(d.Last), 10)
		b = append(b, `,"segment":`...)
		b = appendQuoted(b, d.Segment)
		b = append(b, `,"reason":`...)
		b = appendQuoted(b, d.Reason)
		b = append(b, '}')
	}
	return append(b, `]}`...)
}

// appendQuoted writes a string as JSON does.
func appendQuoted(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			b = append(b, string(r)...)
		}
	}
	return append(b, '"')
}
