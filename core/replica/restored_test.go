package replica_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/memstore"
)

// backup is a copy of a place's data, and the place that it becomes when it is
// opened under another name, by which its records are told apart.
func (p *place) backup() *memstore.Disk { return p.disk.Clone() }

func (p *place) restored(name string, disk *memstore.Disk) *place {
	r := &place{t: p.t, name: name, disk: disk, gone: p.gone}
	r.open()
	p.t.Cleanup(func() { r.log.Close(ctx) })
	return r
}

// TestRestored has a log restored from a backup while a server knows more of it.
func TestRestored(t *testing.T) {
	for _, c := range []struct {
		name                             string
		synced, unsynced, later, offline int // records; see below
		deleted                          []core.Seq
	}{
		{"nothing new since", 10, 0, 20, 0, nil},
		{"the same as before", 10, 3, 0, 0, nil},
		{"fewer new ones than the server knows", 10, 0, 20, 5, nil},
		{"as many", 10, 0, 20, 20, nil},
		{"more", 10, 0, 20, 35, nil},
		{"with records that were not sent before the backup", 10, 5, 20, 7, nil},
		{"never synced before the backup", 0, 4, 20, 7, nil},
		{"others at the first place", 0, 0, 9, 12, nil},
		{"some deleted since", 10, 5, 20, 30, []core.Seq{12, 20, 21}},
		{"the first others deleted since", 10, 5, 20, 30, []core.Seq{15, 16, 17}},
		{"all others deleted since", 3, 0, 4, 6, []core.Seq{3, 4, 5, 6}},
		{"all others deleted since, and nothing new", 3, 0, 4, 0, []core.Seq{3, 4, 5, 6}},
	} {
		for _, asks := range []string{"the restored one asks", "the server asks"} {
			t.Run(c.name+", "+asks, func(t *testing.T) {
				exchange := func(p, server *place) {
					if asks == "the server asks" {
						p, server = server, p
					}
					sync(t, p, server)
				}
				a, server := newPlace(t, "a"), newPlace(t, "server")
				server.gone = a.gone
				server.append(2)
				a.append(c.synced)
				if c.synced > 0 {
					exchange(a, server)
				}
				a.append(c.unsynced)
				disk := a.backup()
				a.append(c.later)
				if len(c.deleted) > 0 {
					for _, n := range c.deleted {
						a.deleteNumber(int(n))
					}
				}
				exchange(a, server)
				restored := a.restored("restored", disk)
				restored.append(c.offline)
				exchange(restored, server)
				restored.append(3)
				exchange(restored, server)
				wantSame(t, a2(a, server), server, restored)
				// The one that was copied may still be there.
				a.append(2)
				exchange(a, server)
				exchange(restored, server)
				wantSame(t, a, server, restored)
				restored.restart()
				server.restart()
				restored.append(1)
				exchange(restored, server)
				exchange(a, server)
				wantSame(t, a, server, restored)
			})
		}
	}
}

// a2 is a as the server knows it.
func a2(a, server *place) *place {
	return &place{t: a.t, name: a.name, n: a.n, log: server.log, gone: a.gone}
}

// deleteNumber deletes the n-th record that this place has appended.
func (p *place) deleteNumber(n int) {
	want := fmt.Sprintf(`{"by":%q,"n":%d}`, p.name, n)
	for seq := core.Seq(0); seq <= p.log.Since(); seq++ {
		if record, err := p.log.Get(ctx, seq); err == nil && string(record) == want {
			p.delete(seq)
			return
		}
	}
	p.t.Fatalf("%s has no record %s", p.name, want)
}

// TestRestoredServer has the server restored: its clients bring back what it has
// forgotten, its own records too.
func TestRestoredServer(t *testing.T) {
	a, b, server := newPlace(t, "a"), newPlace(t, "b"), newPlace(t, "server")
	b.gone, server.gone = a.gone, a.gone
	for range 3 {
		a.append(5)
		b.append(5)
		server.append(5)
		sync(t, a, server)
		sync(t, b, server)
	}
	disk := server.backup()
	a.append(4)
	server.append(6)
	sync(t, a, server)
	sync(t, b, server)
	restored := server.restored("restored server", disk)
	restored.append(3)
	sync(t, a, restored)
	sync(t, b, restored)
	sync(t, a, restored)
	wantSame(t, a, b, restored, &place{t: t, name: "server", n: server.n, log: restored.log, gone: a.gone})
}

// TestRestoredAtRandom has clients of a server restored and copied again and
// again.
func TestRestoredAtRandom(t *testing.T) {
	seeds := 60
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(uint64(seed), 9))
			server := newPlace(t, "server")
			clients := []*place{newPlace(t, "a"), newPlace(t, "b")}
			for _, p := range clients {
				p.gone = server.gone
			}
			all := append([]*place{server}, clients...)
			var backups []*memstore.Disk
			for range 60 {
				p := clients[random.IntN(len(clients))]
				switch random.IntN(8) {
				case 0, 1:
					p.append(1 + random.IntN(5))
				case 2:
					server.append(1)
				case 3:
					backups = append(backups, p.backup())
				case 4:
					if len(backups) > 0 && len(clients) < 8 {
						r := p.restored(fmt.Sprint("restored ", len(all)), backups[random.IntN(len(backups))].Clone())
						clients, all = append(clients, r), append(all, r)
					}
				default:
					sync(t, p, server)
				}
			}
			for range 2 {
				for _, p := range clients {
					sync(t, p, server)
				}
			}
			// Of who has become another origin in the middle, others may have the
			// newer records first.
			wantRecords(t, false, all)
		})
	}
}

// TestCut has a log lose its newest records, as a power cut may take them that were
// not yet on the disk, but not the note of which places it has given. What it then
// appends stands at places that the server knows other records of.
func TestCut(t *testing.T) {
	for _, more := range []int{0, 2, 4, 9} {
		t.Run(fmt.Sprint(more), func(t *testing.T) {
			a, server := newPlace(t, "a"), newPlace(t, "server")
			server.gone = a.gone
			for range 10 {
				a.append(1)
			}
			sync(t, a, server)
			a.log.Close(ctx)
			cut := a.restored("after the cut", a.disk.Cut(5))
			cut.append(more)
			sync(t, cut, server)
			cut.append(1)
			sync(t, cut, server)
			wantRecords(t, true, []*place{server, cut, a2(a, server)})
		})
	}
}
