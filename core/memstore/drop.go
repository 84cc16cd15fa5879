package memstore

import "context"

// DropCheckpoints implements core.DropStore.
func (s *Store) DropCheckpoints(ctx context.Context, keep func(name string) bool) (count int, bytes int64, err error) {
	d, err := s.enter(ctx)
	if err != nil {
		return 0, 0, err
	}
	d.mu.Unlock()
	for _, name := range d.Checkpoints() {
		if keep(name) {
			continue
		}
		bytes += int64(len(d.CheckpointBytes(name)))
		if err := s.SetCheckpoint(ctx, name, nil); err != nil {
			return count, bytes, err
		}
		count++
	}
	return count, bytes, nil
}
