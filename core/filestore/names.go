package filestore

import (
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/segment"
)

// The names in a log's directory:
//
//	0000000000000000.log     segments from the seq in the name on
//	0000000000004711-2.log   the same, rewritten when the generation became 2
//	checkpoint-delays        a view's checkpoint
//	keys, keys-old           the keys of appends
//	notes                    where records come from that are of other logs
//	meta                     what the log is
//	lock                     the host's, where it locks by a file
//	*.tmp                    a file that is not yet whole
//
// Any other name is somebody else's and left alone.
const (
	metaName         = "meta"
	logSuffix        = ".log"
	tempSuffix       = ".tmp"
	checkpointPrefix = "checkpoint-"

	seqDigits = 16 // of segment.MaxSeq, so that names sort as seqs do
)

func logName(first core.Seq, generation uint64) string {
	digits := strconv.FormatInt(int64(first), 10)
	name := strings.Repeat("0", seqDigits-len(digits)) + digits
	if generation > 0 {
		name += "-" + strconv.FormatUint(generation, 10)
	}
	return name + logSuffix
}

func parseLogName(name string) (first core.Seq, generation uint64, ok bool) {
	stem, ok := strings.CutSuffix(name, logSuffix)
	if !ok || len(stem) < seqDigits {
		return 0, 0, false
	}
	n, err := strconv.ParseUint(stem[:seqDigits], 10, 64)
	if err != nil || n > uint64(segment.MaxSeq) {
		return 0, 0, false
	}
	if rest := stem[seqDigits:]; rest != "" {
		generation, err = strconv.ParseUint(strings.TrimPrefix(rest, "-"), 10, 64)
		if err != nil {
			return 0, 0, false
		}
	}
	first = core.Seq(n)
	return first, generation, logName(first, generation) == name
}

// isTemp reports whether name is a file of ours that never became whole.
func isTemp(name string) bool {
	stem, ok := strings.CutSuffix(name, tempSuffix)
	if !ok {
		return false
	}
	_, _, isLog := parseLogName(stem)
	return isLog || stem == metaName || strings.HasPrefix(stem, checkpointPrefix)
}

// maxEscaped is the longest escaped name of a checkpoint; longer ones end in
// a hash. File systems allow 255 bytes in all.
const maxEscaped = 160

// checkpointName makes a file name of any string, such that two strings have
// different ones even where the file system ignores case or composes accents,
// and none that a system reserves. A name too long to fit is cut and hashed:
// the file holds the whole name, so that two with one hash are told apart.
func checkpointName(name string) string {
	const hex = "0123456789abcdef"
	escaped := make([]byte, 0, len(checkpointPrefix)+len(name))
	escaped = append(escaped, checkpointPrefix...)
	for i := 0; i < len(name) && len(escaped) <= maxEscaped; i++ {
		c := name[i]
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' {
			escaped = append(escaped, c)
		} else {
			escaped = append(escaped, '_', hex[c>>4], hex[c&15])
		}
	}
	if len(escaped) > maxEscaped {
		escaped = append(escaped[:maxEscaped-17], '~')
		sum := strconv.FormatUint(xxhash.Sum64String(name), 16)
		escaped = append(escaped, sum...)
	}
	return string(escaped)
}
