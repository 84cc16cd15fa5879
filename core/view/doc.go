// Package view runs views of a log: state that is derived from the records,
// remembers how far it has read, and can be thrown away and built again.
//
//	views, err := view.Open(log, view.Options{})
//	totals, err := views.Mount(ctx, view.Spec{Name: "totals", Version: "1", Kind: reduce.Kind, Options: []byte(`{"sum":"delay"}`)})
//	answer, err := totals.Read(ctx, view.Newest, "get", nil)
//
// # How it works
//
// One goroutine feeds all views. It reads the log once for all that lag, each
// of which joins the pass where its own position is, and finds what they want
// of a record in one scan. Views that have caught up go before those that lag,
// so that a view that is being built does not hold up what others answer. Work
// is cut into slices, between which the host does other things.
//
// Another goroutine keeps what the views have come to: when they have caught
// up, and from time to time on the way there. Appends never wait for it.
//
// # What a view may count on
//
// It sees every record once, in order, beginning behind the seq its state is
// of, and is never called by two goroutines at once. Whatever it had applied
// after its last checkpoint is applied again after a crash, to the state of
// that checkpoint. A checkpoint of another version or other options, a damaged
// one, and one that is ahead of its log are not used: the view is built again.
//
// Several views are asked of the same records by holding them: Set.Pin has them
// stand at one seq, and until it is released nobody is fed.
//
// A view that fails or panics on a record stops there, with an *Error that
// names the view and the seq. It goes on answering reads that do not ask for
// anything newer; other views and appends do not notice.
package view
