//go:build js && wasm

package idbstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall/js"
	"time"

	"github.com/hack-pad/go-indexeddb/idb"

	"github.com/flumedb/flumedb-wasm/core"
)

const (
	segmentStore    = "segments"
	tailStore       = "tail"
	metaStore       = "meta"
	checkpointStore = "checkpoints"

	// databaseVersion never changes: see the package comment.
	databaseVersion = 1
)

// lateAfter is long for what takes some ten milliseconds. Whoever is blocked
// by others hears of that from the browser, but not who waits behind that one.
const lateAfter = 5 * time.Second

var objectStores = []string{segmentStore, tailStore, metaStore, checkpointStore}

// connection is one open IDBDatabase. Browsers close connections when storage
// is cleared and, WebKit, when its storage process dies; it closes itself when
// another tab wants to delete or upgrade the database, which has to wait for
// that, and when its page is frozen and could not hear of that. The store then
// drops it and opens another.
type connection struct {
	raw    js.Value
	lost   bool
	events js.Func
	active map[*transaction]struct{} // not yet ended
	work   sync.WaitGroup            // one for each

	wasClosed func(event string) // hears of it in a goroutine; nil while nobody uses it
}

// errLost is what every failure is that another connection may mend.
var errLost = errors.New("the connection to the database was lost")

// connect opens the database. Where it does not exist, it is created, or with
// create false stays so, and the error is core.ErrGone.
//
// Three ways in which go-indexeddb's Open can fail in silence are met here: a
// context that ends answers no error, a blocked open answers a Database around
// undefined, and an error of the upgrader panics.
func connect(ctx context.Context, name string, create bool) (*connection, error) {
	factory, err := factory()
	if err != nil {
		return nil, err
	}
	var upgradeErr error
	var request *idb.OpenDBRequest
	request, err = factory.Open(context.Background(), name, databaseVersion, func(db *idb.Database, _, _ uint) error {
		if !create {
			upgradeErr = errors.Join(core.ErrGone, uncreate(request))
			return nil
		}
		for _, store := range objectStores {
			options := idb.ObjectStoreOptions{AutoIncrement: store == tailStore}
			if _, err := db.CreateObjectStore(store, options); err != nil {
				upgradeErr = err
			}
		}
		return nil
	})
	if err != nil {
		return nil, hostError("opening the database", err)
	}
	late := time.AfterFunc(lateAfter, func() {
		js.Global().Get("console").Call("warn", "flumedb-wasm, log "+name+": opening it waits; maybe a page or worker "+
			"keeps its database open while another is to delete or upgrade it")
	})
	_, err = request.Await(ctx)
	late.Stop()
	if ctx.Err() != nil {
		go closeWhenOpen(request)
		return nil, ctx.Err()
	}
	if errors.Is(upgradeErr, core.ErrGone) {
		return nil, fmt.Errorf("opening the database: it has been deleted: %w", upgradeErr)
	}
	if err := errors.Join(err, upgradeErr); err != nil {
		return nil, hostError("opening the database", err)
	}
	raw, err := request.Request.Result()
	if err != nil || !raw.Truthy() {
		return nil, fmt.Errorf("opening the database: it stayed blocked: %w", errLost)
	}
	for _, store := range objectStores {
		if !raw.Get("objectStoreNames").Call("contains", store).Bool() {
			raw.Call("close")
			return nil, fmt.Errorf("opening the database: it has no object store %q, so it is not ours: %w", store, core.ErrVersion)
		}
	}
	c := &connection{raw: raw, active: map[*transaction]struct{}{}}
	c.events = js.FuncOf(func(_ js.Value, args []js.Value) any {
		c.lost = true
		raw.Call("close") // which lets transactions end
		if event := args[0].Get("type").String(); event == "freeze" {
			c.abort()
		} else if c.wasClosed != nil {
			go c.wasClosed(event)
		}
		return nil
	})
	c.listen("addEventListener")
	return c, nil
}

// listen adds or removes the listeners for all that ends a connection.
func (c *connection) listen(method string) {
	c.raw.Call(method, "close", c.events)
	c.raw.Call(method, "versionchange", c.events)
	// Workers, which are frozen with their page, are not told.
	if document := js.Global().Get("document"); document.Truthy() {
		document.Call(method, "freeze", c.events)
	}
}

// abort aborts all transactions that are not about to be committed: they wait
// for us, who is frozen, and others for them. They are done once more on
// another connection.
func (c *connection) abort() {
	for t := range c.active {
		t.frozen = true
		t.tryAbort()
	}
}

// uncreate has the database that a request is creating not be there.
func uncreate(request *idb.OpenDBRequest) (err error) {
	defer recoverJS(&err)
	raw, err := request.Request.Result()
	if err == nil {
		// Only a store leads from the database to the transaction.
		raw.Call("createObjectStore", metaStore).Get("transaction").Call("abort")
	}
	return err
}

// factory is the host's IndexedDB. go-indexeddb panics where there is none.
func factory() (*idb.Factory, error) {
	v := js.Global().Get("indexedDB")
	if !v.Truthy() {
		return nil, errors.New("this host has no IndexedDB")
	}
	return idb.WrapFactory(v)
}

// closeWhenOpen gives up a connection that nobody waits for any more.
func closeWhenOpen(request *idb.OpenDBRequest) {
	if _, err := request.Await(context.Background()); err == nil {
		if raw, err := request.Request.Result(); err == nil && raw.Truthy() {
			raw.Call("close")
		}
	}
}

func (c *connection) close() {
	c.lost = true
	c.listen("removeEventListener")
	c.events.Release()
	c.raw.Call("close")
}

// Delete deletes the database of that name, with all in it. Stores that are
// open on it in other tabs lose their connections and then fail with
// core.ErrGone; it waits for those that do not let go.
func Delete(ctx context.Context, name string) error {
	factory, err := factory()
	if err != nil {
		return err
	}
	request, err := factory.DeleteDatabase(name)
	if err != nil {
		return hostError("deleting the database", err)
	}
	err = request.Await(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return hostError("deleting the database", err)
}

// hostError gives a browser's failure the sentinel that a caller can act on.
// Where another connection may mend it, it is errLost too. go-indexeddb does
// not make DOMExceptions of what a call throws at once, so it is done here.
func hostError(doing string, err error) error {
	var thrown js.Error
	if errors.As(err, &thrown) && thrown.Value.Get("name").Type() == js.TypeString {
		err = domException(thrown.Value)
	}
	var sentinel error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, idb.NewDOMException("QuotaExceededError")):
		sentinel = core.ErrQuota
	case errors.Is(err, idb.NewDOMException("VersionError")):
		sentinel = core.ErrVersion
	case errors.Is(err, idb.NewDOMException("InvalidStateError")),
		errors.Is(err, idb.NewDOMException("UnknownError")),
		errors.Is(err, idb.NewDOMException("AbortError")),
		errors.Is(err, idb.NewDOMException("NotFoundError")):
		sentinel = errLost
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
	return fmt.Errorf("%s: %w (%w)", doing, err, sentinel)
}
