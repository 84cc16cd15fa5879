package filestore

// FSOf is the directory that s stands on.
func FSOf(s *Store) FS { return s.fs }

// CheckpointName is exported to test it.
var CheckpointName = checkpointName
