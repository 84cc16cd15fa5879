//go:build js && wasm

package jsbridge

import (
	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/filestore"
	"github.com/flumedb/flumedb-wasm/jsbridge/nodefs"
)

func openFiles(dir string, strict bool) (core.Store, error) {
	return filestore.Open(nodefs.New(dir), filestore.Options{Strict: strict})
}
