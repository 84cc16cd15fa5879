package memfs

import (
	"errors"
	"slices"
)

// ErrCrashed is what every operation fails with behind the one that crashed.
var ErrCrashed = errors.New("memfs: crashed")

// Fault is what goes wrong, and when.
type Fault struct {
	// At is the operation that it befalls, counted from 1 among those that
	// Ops allows.
	At int

	// Ops are the names of the methods to count, such as "WriteAt"; nil means
	// all.
	Ops []string

	// Times is how many operations it befalls, from At on; 0 means one.
	Times int

	// Err is what the operation fails with. A sync that fails drops what it
	// was to make durable, as systems do.
	Err error

	// Short has a write that fails write its first part.
	Short bool

	// Done has the operation take effect before it fails.
	Done bool

	// Crash ends everything there. A write that crashes writes its first
	// part; other operations take effect or not.
	Crash bool
}

type faults struct {
	list   []Fault
	seen   []int // operations counted for each fault
	count  int   // of all operations
	short  bool  // the write that has just failed is to write a part
	struck bool
}

// Inject adds a fault, which counts from the next operation on.
func (f *FS) Inject(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults.list = append(f.faults.list, fault)
	f.faults.seen = append(f.faults.seen, 0)
}

// Heal removes all faults.
func (f *FS) Heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = faults{count: f.faults.count}
}

// Count is how many operations there have been.
func (f *FS) Count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.faults.count
}

// Crashed reports whether a fault has ended everything.
func (f *FS) Crashed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.crashed
}

// begin does an operation and leaves f locked, unless it fails.
func (f *FS) begin(op, name string, effect func()) error {
	f.mu.Lock()
	err := f.strike(op, name, effect)
	if err == nil && effect != nil {
		effect()
	}
	if err != nil {
		f.mu.Unlock()
	}
	return err
}

// do does an operation.
func (f *FS) do(op, name string, effect func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.strike(op, name, func() { effect() }); err != nil {
		return err
	}
	return effect()
}

// strike fails where a fault says so.
func (f *FS) strike(op, name string, effect func()) error {
	if f.crashed {
		return ErrCrashed
	}
	f.faults.count++
	for i := range f.faults.list {
		fault := &f.faults.list[i]
		if fault.Ops != nil && !slices.Contains(fault.Ops, op) {
			continue
		}
		f.faults.seen[i]++
		if n := f.faults.seen[i]; n < fault.At || n >= fault.At+max(1, fault.Times) {
			continue
		}
		f.faults.struck = true
		f.faults.short = op == "WriteAt" && (fault.Short || fault.Crash)
		if effect != nil && op != "WriteAt" && (fault.Done || fault.Crash && f.rng.IntN(2) == 0) {
			effect()
		}
		if op == "WriteAt" && fault.Done {
			f.faults.short = false
			effect()
		}
		if node := f.names[name]; op == "Sync" && node != nil && !fault.Done {
			node.drop()
		}
		if fault.Crash {
			f.crashed = true
			return ErrCrashed
		}
		return fault.Err
	}
	return nil
}

// takeShort reports whether the write that failed is to write a part.
func (f *FS) takeShort() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	short := f.faults.short
	f.faults.short = false
	return short
}

// Struck reports whether any fault has befallen an operation.
func (f *FS) Struck() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.faults.struck
}
