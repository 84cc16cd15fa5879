package replica_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/replica"
)

// FuzzMessage has anybody send anything: it is refused, or it is a message, and in
// either case the log and what is known of it stay sound.
func FuzzMessage(f *testing.F) {
	valid := func(t *testing.T) (*place, []byte) {
		a, b := newPlace(t, "a"), newPlace(t, "b")
		a.append(5)
		b.append(3)
		b.delete(1)
		sync(t, a, b)
		a.append(4)
		a.delete(2)
		s := a.replica.NewSession()
		if _, err := exchange(s, b.replica, quiet, func(n int) int { return n - 1 }); err != nil {
			t.Fatal(err)
		}
		message, err := s.Message(ctx, 1000)
		if err != nil {
			t.Fatal(err)
		}
		return b, message
	}
	for seed := range uint64(200) {
		f.Add(seed, []byte("x"))
	}
	f.Fuzz(func(t *testing.T, seed uint64, noise []byte) {
		b, message := valid(t)
		random := rand.New(rand.NewPCG(seed, 1))
		damaged := bytes.Clone(message)
		for range 1 + random.IntN(3) {
			at := random.IntN(len(damaged))
			switch random.IntN(3) {
			case 0:
				damaged[at] ^= byte(1 + random.IntN(255))
			case 1:
				damaged = damaged[:at+1]
			default:
				damaged = append(damaged[:at:at], append(noise, damaged[at:]...)...)
			}
		}
		before := b.log.Since()
		var answer bytes.Buffer
		err := b.replica.Answer(ctx, bytes.NewReader(damaged), &answer, replica.Limits{})
		if err == nil && !bytes.Equal(damaged, message) {
			t.Fatal("a damaged message is taken for whole")
		}
		if err != nil && !errors.Is(err, replica.ErrMessage) {
			t.Fatalf("a damaged message: %v", err)
		}
		if since := b.log.Since(); since < before || since > before+4 {
			t.Fatalf("there were records through %d, and now through %d", before, since)
		}
		c := newPlace(t, "c")
		sync(t, c, b)
		if c.log.Since() == core.None {
			t.Fatal("nothing comes of it any more")
		}
	})
}
