# Every task a person does here, by name. `make` lists them.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:

# What npm ci writes last, so newer than the lock exactly when the lock is installed.
NODE_MODULES := npm/node_modules/.package-lock.json
GO_WASM := GOOS=js GOARCH=wasm
# For every go test; -v names each test.
GOTESTFLAGS ?=
NODE_TEST := node --test --test-reporter=spec
# The suites of Node: all but those that need Chromium, or workerd.
NODE_SUITES = $(shell find npm/test -name '*.test.mjs' -not -path '*/browser/*' -not -name 'chromium-*' -not -name 'edge*' | sort)
ENGINE_SUITES = $(patsubst %,npm/test/browser/%.test.mjs,log tabs one-build views damage crash vanish contexts away worker sync client service-worker storage health journal-engines journal-keyboard)
# What of the Go tests needs a browser: wire is the same on every host, and durablestore's host is workerd.
BROWSER_PACKAGES = $$($(GO_WASM) go list ./jsbridge/... | grep -vE '/(wire|durablestore)$$')
FUZZTIME ?= 30s

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##: The package

.PHONY: build
build: $(NODE_MODULES) ## compile the wasm and bundle the wrapper, into npm/dist
	node npm/scripts/build.mjs

.PHONY: pack
pack: $(NODE_MODULES) ## build the npm tarball; the last line printed is its path
	@cd npm && npm pack --loglevel=error >&2
	@echo "npm/flumedb-wasm-$$(node -p 'require("./npm/package.json").version').tgz"

.PHONY: size
size: build ## bytes of the wasm, by Go package, and of the wrapper, beside the aims
	node npm/scripts/size.mjs

.PHONY: run
run: build ## build all and open the example, a field journal, on localhost
	node example-web/serve.mjs --open

.PHONY: edge
edge: $(NODE_MODULES) ## build the Cloudflare Worker and run it on this machine's workerd: docs/edge.md
	node npm/scripts/build-edge.mjs
	node npm/edge/run.mjs

.PHONY: bench
bench: build chromium ## measure against other databases, in Chromium and Node
	node npm/bench/run.mjs

##: Tests

.PHONY: test
test: lint test-go test-wasm test-npm test-edge test-browser test-engines ## everything below, on any machine with Go, Node and npm

.PHONY: lint
lint: $(NODE_MODULES) ## formats, vet, staticcheck (native and wasm), TypeScript types
	@unformatted=$$(gofmt -l core jsbridge wasm); test -z "$$unformatted" || { echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; }
	go vet ./...
	$(GO_WASM) go vet ./...
	go tool staticcheck ./...
	$(GO_WASM) $$(go tool -n staticcheck) $$($(GO_WASM) go list ./... | grep -vE '/jsbridge(/views|/replicas)?$$')
	@# staticcheck does not know that go:wasmexport is a use, so what only JavaScript calls looks unused to it.
	$(GO_WASM) $$(go tool -n staticcheck) -checks inherit,-U1000 ./jsbridge ./jsbridge/views ./jsbridge/replicas
	npm/node_modules/.bin/tsc -p npm --noEmit
	npm/node_modules/.bin/tsc -p npm/test/types
	npm/node_modules/.bin/tsc -p npm/edge

.PHONY: test-go
test-go: cc ## Go tests, native with the race detector, fuzz seeds included
	go test -count=1 -race $(GOTESTFLAGS) ./...

.PHONY: test-wasm
test-wasm: chromium ## Go tests as wasm: what is for all hosts in Node, jsbridge in a page and a worker of Chromium
	$(GO_WASM) go test -count=1 $(GOTESTFLAGS) -exec "$$(go env GOROOT)/lib/wasm/go_js_wasm_exec" $$($(GO_WASM) go list -e -f '{{if .GoFiles}}{{.ImportPath}}{{end}}' $$(go list ./...))
	$(GO_WASM) go test -count=1 $(GOTESTFLAGS) -exec "node $$PWD/npm/scripts/goexec.mjs chromium:page" $(BROWSER_PACKAGES)
	$(GO_WASM) go test -count=1 $(GOTESTFLAGS) -exec "node $$PWD/npm/scripts/goexec.mjs chromium:worker" $(BROWSER_PACKAGES)

.PHONY: test-npm
test-npm: pack ## the built package in Node, the tarball as a user installs it, kills of Node
	$(NODE_TEST) --test-concurrency=2 $(NODE_SUITES)

.PHONY: test-edge
test-edge: $(NODE_MODULES) ## on workerd, the engine of Cloudflare's Workers: the store in a Durable Object, the suite of all homes, restarts
	$(GO_WASM) go test -count=1 $(GOTESTFLAGS) -exec "node $$PWD/npm/scripts/workerd-exec.mjs" ./jsbridge/durablestore
	$(NODE_TEST) --test-concurrency=1 npm/test/homes/edge*.test.mjs

.PHONY: test-browser
test-browser: pack chromium ## the built package in Chromium: pages, workers, bundlers, kills of the browser
	$(NODE_TEST) --test-concurrency=2 npm/test/browser/*.test.mjs npm/test/crash/chromium-*.test.mjs

.PHONY: test-engines engine-firefox engine-webkit
test-engines: pack firefox webkit ## in Firefox and WebKit, at once: the IndexedDB store, in a page and a worker, and the suites of the package that need no other browser's protocol
	$(MAKE) --jobs=2 --output-sync=target engine-firefox engine-webkit

engine-firefox engine-webkit: engine-%:
	for context in page worker; do \
	  $(GO_WASM) go test -count=1 $(GOTESTFLAGS) -exec "node $$PWD/npm/scripts/goexec.mjs $*:$$context" $(BROWSER_PACKAGES) || exit 1; \
	done
	BROWSER=$* $(NODE_TEST) --test-concurrency=1 $(ENGINE_SUITES)

.PHONY: fuzz
fuzz: ## look for new failing inputs, FUZZTIME (30s) for each fuzz target
	@grep -rlE '^func Fuzz' --include='*_test.go' core jsbridge | while read -r file; do \
	  for name in $$(grep -oE '^func Fuzz\w*' "$$file" | cut -c6-); do \
	    echo "$$(dirname "$$file") $$name"; go test -run='^$$' -fuzz="^$$name\$$" -fuzztime=$(FUZZTIME) "./$$(dirname "$$file")"; \
	  done; done

.PHONY: clean
clean: ## remove what was built; what was installed stays
	rm -rf npm/dist npm/edge/dist npm/.tmp npm/flumedb-wasm-*.tgz npm/README.md npm/LICENSE

# What the targets above stand on. Each is checked, and where it is missing, installed.

$(NODE_MODULES): npm/package-lock.json
	cd npm && npm ci
	touch $@

.PHONY: chromium firefox webkit
chromium:
	@node npm/scripts/browser-path.mjs chromium >/dev/null 2>&1 || .ci/apt chromium
	@node npm/scripts/browser-path.mjs chromium >/dev/null
firefox:
	@node npm/scripts/browser-path.mjs firefox >/dev/null 2>&1 || .ci/apt firefox-esr
	@node npm/scripts/browser-path.mjs firefox >/dev/null
webkit:
	@node npm/scripts/browser-path.mjs webkit webkit-driver xvfb >/dev/null 2>&1 || .ci/apt webkit2gtk-driver xvfb
	@node npm/scripts/browser-path.mjs webkit webkit-driver xvfb >/dev/null

# The race detector needs a C compiler.
.PHONY: cc
cc:
	@command -v "$$(go env CC)" >/dev/null || .ci/apt gcc libc6-dev
