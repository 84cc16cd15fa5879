package core

import "context"

// Memory is where a read may put what it reads, for readers of much that keep
// nothing: fresh memory for every read costs more than the read does. What was
// read into it is gone with the next Reset. It is for one read at a time.
type Memory struct {
	buf  []byte
	used int
}

// maxMemory bounds what is kept for the next time.
const maxMemory = 4 << 20

// Take gives n bytes, whatever they hold.
func (m *Memory) Take(n int) []byte {
	if n > len(m.buf)-m.used {
		if n > maxMemory {
			return make([]byte, n)
		}
		// What was taken before keeps the old one alive.
		m.buf = make([]byte, min(max(2*len(m.buf), n), maxMemory))
		m.used = 0
	}
	b := m.buf[m.used : m.used+n : m.used+n]
	m.used += n
	return b
}

// Reset has the memory used again.
func (m *Memory) Reset() { m.used = 0 }

type memoryKey struct{}

// WithMemory lends memory to the reads that a store does under this context.
func WithMemory(ctx context.Context, m *Memory) context.Context {
	return context.WithValue(ctx, memoryKey{}, m)
}

// MemoryFor is the memory that the reader has for what a store reads under this
// context, nil where it has none. A store need not ask.
func MemoryFor(ctx context.Context) *Memory {
	m, _ := ctx.Value(memoryKey{}).(*Memory)
	return m
}
