// Package gate stands before the logs of a home that others can reach: it finds
// which log a request is for, and whether it may go there. It decides by the
// method, the path and the headers alone, so that what is refused costs nothing
// but that, and no log hears of it.
//
// A request is for /logs/{name}/…, where the rest of the path is httpapi's. It
// carries the home's token as "Authorization: Bearer …". Pages of other origins
// may ask if theirs is listed: gate answers their preflights.
package gate

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/flumedb/flumedb-wasm/core/json"
)

// Options say whom a gate lets in.
type Options struct {
	// Token is what every request has to carry. Without one, all are let in that
	// are for this machine by a name of its own: a page of another site can have
	// its name stand for this machine, but not its requests say another.
	Token string

	// Origins are those whose pages may ask, as "https://app.example"; "*"
	// stands for all. Others' pages can neither read answers nor change anything.
	Origins []string
}

// Gate decides on requests. Its methods may be called from any goroutine.
type Gate struct {
	open    bool
	token   [sha256.Size]byte
	origins []string
}

// New makes a gate.
func New(o Options) *Gate {
	return &Gate{open: o.Token == "", token: sha256.Sum256([]byte(o.Token)), origins: o.Origins}
}

// Request is what decides on a request.
type Request struct {
	Method string
	Path   string                   // as it was sent, without the query
	Header func(name string) string // Host too
}

// Verdict is what becomes of a request: it goes to a log, or it is answered.
type Verdict struct {
	// Log is the log's name, and Path, which begins in a slash, what it is to
	// be asked for. Without a Log, the request is answered.
	Log, Path string

	// Status and Body are the answer, with Header. An empty body has no type.
	Status int
	Body   []byte

	// Header is name and value in turn. It also goes with the answer of the log.
	Header []string
}

// Decide decides on a request.
func (g *Gate) Decide(r Request) Verdict {
	header, allowed := g.cors(r)
	if r.Method == "OPTIONS" && r.Header("Access-Control-Request-Method") != "" {
		if !allowed {
			return refuse(header, 403, "Forbidden", "UNAUTHORIZED", "pages of this origin may not ask here")
		}
		return Verdict{Status: 204, Header: append(header,
			"Access-Control-Allow-Methods", "GET, HEAD, POST, DELETE",
			// The star stands for all but this one, since no credentials of the browser's go with requests.
			"Access-Control-Allow-Headers", "Authorization, *",
			"Access-Control-Max-Age", "7200")}
	}
	if g.open && !loopback(r.Header("Host")) {
		return refuse(header, 403, "Forbidden", "UNAUTHORIZED", "without a token this is only for requests to localhost, 127.0.0.1 or [::1]")
	}
	if !g.admits(r.Header("Authorization")) {
		return refuse(append(header, "WWW-Authenticate", `Bearer realm="flumedb"`), 401, "Unauthorized", "UNAUTHORIZED",
			"a request needs the header Authorization: Bearer, with the token of this server")
	}
	rest, ok := strings.CutPrefix(r.Path, "/logs/")
	if !ok {
		return refuse(header, 404, "Not Found", "NOT_FOUND", "logs are under /logs/, by their names")
	}
	name, path, _ := strings.Cut(rest, "/")
	if !ValidName(name) {
		return refuse(header, 400, "Bad Request", "INVALID_OPTION", "a log's name is 1 to 64 of a-z, 0-9, dot, underscore and hyphen, and neither . nor ..")
	}
	return Verdict{Log: name, Path: "/" + path, Header: header}
}

// MaxName is the length of the longest name.
const MaxName = 64

// ValidName tells whether a log may have this name. It is the same in file
// systems that ignore case, has no parts, and needs no escaping in a URL.
func ValidName(name string) bool {
	if len(name) == 0 || len(name) > MaxName || name == "." || name == ".." {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}

// loopback tells whether a host, which may have a port, is this machine for whoever
// names it.
func loopback(host string) bool {
	if port, err := netip.ParseAddrPort(host); err == nil {
		return port.Addr().IsLoopback()
	}
	name, _, _ := strings.Cut(host, ":")
	if name == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.IsLoopback()
}

// admits compares sums, so that the time it takes tells nothing of the token,
// its length included.
func (g *Gate) admits(authorization string) bool {
	if g.open {
		return true
	}
	scheme, token, _ := strings.Cut(authorization, " ")
	sum := sha256.Sum256([]byte(strings.TrimSpace(token)))
	return subtle.ConstantTimeCompare(sum[:], g.token[:]) == 1 && strings.EqualFold(scheme, "Bearer")
}

// cors are the headers by which the browser lets a page of an allowed origin
// read the answer.
func (g *Gate) cors(r Request) (header []string, allowed bool) {
	switch origin := r.Header("Origin"); {
	case len(g.origins) == 0:
		return nil, false
	case slices.Contains(g.origins, "*"):
		header, allowed = append(header, "Access-Control-Allow-Origin", "*"), true
	case origin != "" && slices.Contains(g.origins, origin):
		header, allowed = append(header, "Access-Control-Allow-Origin", origin, "Vary", "Origin"), true
	default:
		return []string{"Vary", "Origin"}, false
	}
	return append(header, "Access-Control-Expose-Headers", "*"), allowed
}

// refuse answers as httpapi does, whose form of problems this is.
func refuse(header []string, status int, title, code, detail string) Verdict {
	b := json.AppendText([]byte(`{"title":`), []byte(title))
	b = strconv.AppendInt(append(b, `,"status":`...), int64(status), 10)
	b = json.AppendText(append(b, `,"code":`...), []byte(code))
	b = json.AppendText(append(b, `,"detail":`...), []byte(detail))
	return Verdict{Status: status, Body: append(b, '}'), Header: append(header,
		"Content-Type", "application/problem+json", "Cache-Control", "no-store", "X-Content-Type-Options", "nosniff")}
}
