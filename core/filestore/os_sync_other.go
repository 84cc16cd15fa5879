//go:build !js && !linux && !windows

package filestore

import "os"

func syncFile(f *os.File) error { return f.Sync() }
