// Package wire is the form of what crosses between Go and JavaScript in bulk:
// records on their way in, records on their way out, and reports. It runs on
// every platform, so that it is tested and fuzzed natively; docs/protocol.md
// has the diagrams.
package wire
