package memstore_test

import (
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Data {
		disk := new(memstore.Disk)
		return storetest.Data{
			Open:   func() (core.Store, error) { return memstore.Open(disk), nil },
			Shared: true,
			Damage: disk.Damage,
		}
	})
}
