//go:build !js

// Command server serves the log in a folder, for tests of sync: it prints its
// address, and ends when its standard input does.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/filestore"
	"github.com/flumedb/flumedb-wasm/core/httpapi"
)

func main() {
	dir, address, token := os.Args[1], os.Args[2], os.Args[3]
	store, err := filestore.Open(filestore.OS(dir), filestore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	db, err := core.Open(context.Background(), store, core.Options{})
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	handler := httpapi.New(db, httpapi.Options{})
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Access-Control-Allow-Origin", "*")
		header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Content-Encoding")
		header.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
		switch {
		case r.Method == http.MethodOptions:
			w.WriteHeader(http.StatusNoContent)
		case token != "" && r.Header.Get("Authorization") != "Bearer "+token:
			w.WriteHeader(http.StatusUnauthorized)
		default:
			handler.ServeHTTP(w, r)
		}
	}))
	fmt.Printf("http://%s/\n", listener.Addr())
	io.Copy(io.Discard, os.Stdin)
	handler.Close()
	db.Close(context.Background())
}
