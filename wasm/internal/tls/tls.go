// Package tls stands in for crypto/tls where the host speaks TLS: npm/scripts/go-wasm.mjs puts it in that one's place. It has
// what net/http needs to compile, and nothing of it is ever called.
//
// net/http imports crypto/tls for servers and connections of its own, which it has none of on js/wasm, where it asks fetch.
// Yet what crypto/tls imports, curves, big numbers and certificates, is initialized whether it is used or not, and so would
// be a sixth of the module.
package tls

import (
	"context"
	"errors"
	"net"
)

const (
	VersionTLS12 = 0x0303
	VersionTLS13 = 0x0304
)

var errNone = errors.New("tls: not on this host")

type (
	ConnectionState struct {
		Version                    uint16
		HandshakeComplete          bool
		NegotiatedProtocol         string
		NegotiatedProtocolIsMutual bool
		ServerName                 string
	}
	Certificate     struct{}
	ClientHelloInfo struct{ Conn net.Conn }
	Config          struct {
		Certificates       []Certificate
		GetCertificate     func(*ClientHelloInfo) (*Certificate, error)
		GetConfigForClient func(*ClientHelloInfo) (*Config, error)
		NextProtos         []string
		ServerName         string
	}
	RecordHeaderError struct {
		Msg          string
		RecordHeader [5]byte
		Conn         net.Conn
	}
	Conn struct{ net.Conn }
)

func (c *Config) Clone() *Config {
	clone := *c
	return &clone
}

func (e RecordHeaderError) Error() string { return e.Msg }

func (*Conn) ConnectionState() ConnectionState           { return ConnectionState{} }
func (*Conn) Handshake() error                           { return errNone }
func (*Conn) HandshakeContext(context.Context) error     { return errNone }
func (c *Conn) NetConn() net.Conn                        { return c.Conn }
func (*Conn) VerifyHostname(string) error                { return errNone }
func Client(conn net.Conn, _ *Config) *Conn              { return &Conn{conn} }
func Server(conn net.Conn, _ *Config) *Conn              { return &Conn{conn} }
func NewListener(_ net.Listener, _ *Config) net.Listener { return nil }

func LoadX509KeyPair(_, _ string) (Certificate, error) { return Certificate{}, errNone }
