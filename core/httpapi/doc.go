// Package httpapi serves a database, that is a log and its views, over HTTP: the
// same handler in a service worker, on an edge, and in a Go server.
//
//	http.Handle("/db/", http.StripPrefix("/db", httpapi.New(log, httpapi.Options{Views: views})))
//
// docs/http.md says what it promises, and docs/openapi.yaml describes every
// operation; a test holds the handler to that file. Who may do what, CORS and
// compression are for whoever wraps it.
package httpapi
