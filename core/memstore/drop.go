package memstore

import "context"

// DropCheckpoints implements core.DropStore.
func (s *Store) DropCheckpoints(ctx context.Context, keep func(name string) bool) (count int, bytes int64, err error) {
	d, err := s.enter(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer d.mu.Unlock()
	for name, value := range d.checkpoints {
		if keep(name) {
			continue
		}
		count++
		bytes += int64(len(value) + len(d.bodies[name]))
		delete(d.checkpoints, name)
		delete(d.bodies, name)
	}
	return count, bytes, nil
}
