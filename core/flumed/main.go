//go:build !js

// Command flumed serves logs in a directory over HTTP: docs/server.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/kinds"
)

const usage = `flumed serves append-only logs over HTTP.

  flumed -dir DIR [-listen ADDRESS] [-token TOKEN] [options]

GET, POST and DELETE /logs/NAME/… are docs/http.md's, of the log in the folder
DIR/NAME, which is made when it is first asked for. NAME is 1 to 64 of
a-z 0-9 . _ - and neither . nor ..

Every request needs the header "Authorization: Bearer TOKEN". Without a token
the server listens on addresses of this machine only. TLS is left to a proxy.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Getenv, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "flumed:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. What it has to say goes to out, first where it
// listens.
func run(ctx context.Context, args []string, getenv func(string) string, out io.Writer) error {
	s := settings{requestTime: 30 * time.Second, warn: func(err error) { fmt.Fprintln(out, "flumed:", err) }}
	flags := flag.NewFlagSet("flumed", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		fmt.Fprint(out, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&s.dir, "dir", "", "the `directory` of the logs")
	address := flags.String("listen", "127.0.0.1:7380", "the `address` to listen on, as host:port")
	flags.StringVar(&s.token, "token", "", "what every request has to carry; better given as FLUMED_TOKEN, since others see arguments")
	origins := flags.String("origin", "", "the `origins` whose pages may ask, joined by commas, as https://app.example; * for all")
	views := flags.String("views", "", "a `file` of the views that each log has, as JSON: docs/http.md")
	durability := flags.String("durability", "strict", "strict: an append is answered when it is on the disk; relaxed: when the system has it")
	maxBody := flags.Int64("max-body", 16, "the most `MiB` of an append")
	flags.IntVar(&s.maxLogs, "max-logs", 100, "how many logs may be open at once")
	flags.IntVar(&s.maxConns, "max-connections", 1000, "how many connections may be open at once")
	flags.DurationVar(&s.idle, "idle", 5*time.Minute, "after which time without a request a log is closed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unknown argument %q; flumed -h tells what there is", flags.Arg(0))
	case s.dir == "":
		return errors.New("-dir is needed; flumed -h tells what there is")
	case *durability != "strict" && *durability != "relaxed":
		return fmt.Errorf("-durability must be strict or relaxed, not %q", *durability)
	case *maxBody < 1 || *maxBody > 256 || s.maxLogs < 1 || s.maxConns < 1 || s.idle <= 0:
		return errors.New("-max-body must be 1 to 256, -max-logs, -max-connections and -idle more than 0")
	}
	s.strict = *durability == "strict"
	s.maxBody = *maxBody << 20
	if s.token == "" {
		s.token = getenv("FLUMED_TOKEN")
	}
	for _, origin := range strings.Split(*origins, ",") {
		if origin = strings.TrimSpace(origin); origin != "" {
			s.origins = append(s.origins, origin)
		}
	}
	if *views != "" {
		text, err := os.ReadFile(*views)
		if err == nil && !json.Valid(text) {
			err = fmt.Errorf("%s is not valid JSON", *views)
		}
		if err == nil {
			s.views, err = kinds.Specs(json.Value(text))
		}
		if err != nil {
			return fmt.Errorf("-views: %w", err)
		}
	}
	if err := os.MkdirAll(s.dir, 0o777); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		return err
	}
	if s.token == "" && !listener.Addr().(*net.TCPAddr).IP.IsLoopback() {
		listener.Close()
		return fmt.Errorf("others can reach %s: give a token, by FLUMED_TOKEN or -token", listener.Addr())
	}
	fmt.Fprintf(out, "flumed: listening on http://%s\n", listener.Addr())
	return newServer(s).serve(ctx, listener)
}
