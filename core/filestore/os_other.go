//go:build !js && !unix && !windows

package filestore

func full(error) bool { return false }

func syncDir(string) error { return nil }
