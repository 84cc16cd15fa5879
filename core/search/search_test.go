package search_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flumedb/flumedb-wasm/core"
	"github.com/flumedb/flumedb-wasm/core/json"
	"github.com/flumedb/flumedb-wasm/core/memstore"
	"github.com/flumedb/flumedb-wasm/core/search"
	"github.com/flumedb/flumedb-wasm/core/view"
	"github.com/flumedb/flumedb-wasm/core/viewtest"
)

var vocabulary = strings.Fields("apple Apricot banana band Bandana cherry chérie 中文分词 中文 猫 x yes YES élan elan 한국어 co-op fox")

func sentence(r *rand.Rand, most int) string {
	var words []string
	for range r.IntN(most + 1) {
		words = append(words, vocabulary[min(r.IntN(len(vocabulary)), r.IntN(len(vocabulary)))])
	}
	return strings.Join(words, []string{" ", ", ", "  "}[r.IntN(3)])
}

func TestSuite(t *testing.T) {
	record := func(r *rand.Rand, i int) []byte {
		return fmt.Appendf(nil, `{"title":%q,"body":{"text":[%q,{"more":%q}]},"i":%d}`, sentence(r, 2), sentence(r, 8), sentence(r, 3), i)
	}
	var questions []viewtest.Question
	for _, options := range []string{
		`{"query":"apple"}`, `{"query":"ban* élan","highlights":true}`, `{"query":"\"apple banana\"","order":"oldest","values":false}`, `{"query":"中文 yes","order":"rank"}`,
		`{"query":"a* b*","order":"rank","limit":5,"values":false}`, `{"query":"文分","highlights":true,"limit":3}`,
	} {
		questions = append(questions, viewtest.Question{Method: "query", Args: "[" + options + "]", Pages: true})
	}
	for _, options := range []string{`{}`, `{"fields":["title","body.text"],"minLength":3}`} {
		t.Run(options, func(t *testing.T) {
			viewtest.Run(t, viewtest.Case{Kind: search.Kind, Options: options, Questions: questions, Record: record})
		})
	}
}

// db is a log with a search.
type db struct {
	log   *core.Log
	views *view.Set
	v     *view.Mounted
}

func (d *db) close() {
	d.views.Close(context.Background())
	d.log.Close(context.Background())
}

func open(t testing.TB, disk *memstore.Disk, options string) *db {
	t.Helper()
	ctx := context.Background()
	log, err := core.Open(ctx, memstore.Open(disk), core.Options{})
	if err != nil {
		t.Fatal(err)
	}
	views := view.Open(log, view.Options{})
	v, err := views.Mount(ctx, view.Spec{Name: "v", Kind: search.Kind, Options: json.Value(options)})
	if err != nil {
		t.Fatal(err)
	}
	return &db{log, views, v}
}

func (d *db) append(t testing.TB, records ...string) {
	t.Helper()
	var all [][]byte
	for _, r := range records {
		all = append(all, []byte(r))
	}
	if _, err := d.log.Append(context.Background(), all...); err != nil {
		t.Fatal(err)
	}
}

// query gives all items of all pages.
func (d *db) query(t testing.TB, options string) (items []json.Value) {
	t.Helper()
	for next := json.Value("null"); next != nil; {
		page, err := d.v.Read(context.Background(), view.Newest, "query", json.Value("["+options+","+string(next)+"]"))
		if err != nil {
			t.Fatalf("%s: %v", options, err)
		}
		for w := page.Member("items").Items(); ; {
			item, more := w.Next()
			if !more {
				break
			}
			items = append(items, item)
		}
		next = page.Member("next")
	}
	return items
}

func seqs(items []json.Value) (all []int) {
	for _, item := range items {
		seq, _ := item.Member("seq").Int()
		all = append(all, int(seq))
	}
	return all
}

func TestAnswers(t *testing.T) {
	d := open(t, new(memstore.Disk), `{"fields":["t","u"]}`)
	defer d.close()
	d.append(t,
		`{"t":"The quick brown fox"}`,
		`{"t":"jumps over the lazy dog","u":["quick","Brown fox"]}`,
		`{"t":7,"u":{"a":"中文分词很好"},"v":"fox"}`,
		`{"t":"Brown, quick: FÖX! foxes","u":"a \"quote\"\n"}`,
		`"fox"`,
		`{"t":"東京 と 京都。猫","u":"to be or not to be"}`,
	)
	for query, want := range map[string][]int{
		`fox`: {3, 1, 0}, `FOX`: {3, 1, 0}, `föx`: {3, 1, 0}, `fo`: nil, `fo*`: {3, 1, 0}, `foxe*`: {3}, `quick fox`: {3, 1, 0}, `quick fox lazy`: {1}, `quick cat`: nil,
		`\"quick brown\"`: {0}, `\"brown quick\"`: {3}, `\"brown fox\"`: {1, 0}, `\"brown fo*\" quick`: {1, 0}, `\"lazy dog quick\"`: nil, `\"brown fox`: {1, 0}, `“brown fox”`: {1, 0},
		`中文`: {2}, `文分`: {2}, `中文分词`: {2}, `中词`: nil, `很`: {2}, `好`: {2}, `京`: {5}, `京都`: {5}, `東京都`: nil, `東京 京都`: {5}, `猫`: {5}, `\"京都 猫\"`: {5}, `\"都 猫\"`: {5}, `\"京 と\"`: {5}, `\"東 と\"`: nil,
		`\"to be or not to be\"`: {5}, `\"be or be\"`: nil, `quote`: {3}, ``: nil, `...`: nil, `\"\"`: nil, `*`: nil, `t*`: {5, 1, 0},
		`fo","prefix":true,"order":"newest`: {3, 1, 0}, `\"brown fo\"","prefix":true,"order":"newest`: nil,
	} {
		if got := seqs(d.query(t, `{"query":"`+query+`"}`)); !slices.Equal(got, want) {
			t.Errorf("%s finds %v, and should find %v", query, got, want)
		}
		if strings.Contains(query, "order") {
			continue
		}
		slices.Reverse(want)
		if got := seqs(d.query(t, `{"query":"`+query+`","order":"oldest","values":false}`)); !slices.Equal(got, want) {
			t.Errorf("%s finds %v, the oldest first, and should find %v", query, got, want)
		}
		slices.Sort(want)
		got := seqs(d.query(t, `{"query":"`+query+`","order":"rank"}`))
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s finds %v by rank, and should find %v", query, got, want)
		}
	}
}

func TestHighlights(t *testing.T) {
	d := open(t, new(memstore.Disk), `{}`)
	defer d.close()
	d.append(t, `{"a":"😀 The Fox, the fox","b":[{"c":"no"},{"c\"":"foxes \"fox\" fox trot"}],"d":"中文分词 cre\u0300me"}`)
	for query, want := range map[string]string{
		`fox`:             `[{"path":["a"],"ranges":[[7,10],[16,19]]},{"path":["b",1,"c\""],"ranges":[[7,10],[12,15]]}]`,
		`fox*`:            `[{"path":["a"],"ranges":[[7,10],[16,19]]},{"path":["b",1,"c\""],"ranges":[[0,5],[7,10],[12,15]]}]`,
		`\"the fox\"`:     `[{"path":["a"],"ranges":[[3,6],[7,10],[12,15],[16,19]]}]`,
		`no \"fox trot\"`: `[{"path":["b",0,"c"],"ranges":[[0,2]]},{"path":["b",1,"c\""],"ranges":[[12,15],[16,20]]}]`,
		`文分词`:             `[{"path":["d"],"ranges":[[1,4]]}]`,
		`文`:               `[{"path":["d"],"ranges":[[1,2]]}]`,
		`creme`:           `[{"path":["d"],"ranges":[[5,11]]}]`,
	} {
		items := d.query(t, `{"query":"`+query+`","highlights":true,"values":false}`)
		if len(items) != 1 {
			t.Errorf("%s finds %d", query, len(items))
		} else if string(items[0].Member("highlights")) != want {
			t.Errorf("%s: %q", query, [][]byte{items[0]})
		}
	}
}

// TestRank compares with scores worked out by hand.
func TestRank(t *testing.T) {
	d := open(t, new(memstore.Disk), `{}`)
	defer d.close()
	d.append(t, `"a b"`, `"a a a b c d e f"`, `"c d"`, `"a"`, `7`, `"a"`)
	var told []string
	for _, item := range d.query(t, `{"query":"a","order":"rank","values":false}`) {
		score, _ := item.Member("score").Float()
		told = append(told, fmt.Sprintf("%s %.4f", string(item.Member("seq")), score))
	}
	// Of 5 records 4 have it, and a record has 2.8 words: idf = ln(1 + 1.5/4.5).
	if got, want := strings.Join(told, ", "), "5 0.3903, 3 0.3903, 0 0.3258, 1 0.3234"; got != want {
		t.Errorf("%s, and should be %s", got, want)
	}
	if got := seqs(d.query(t, `{"query":"a b","order":"rank","limit":1}`)); !slices.Equal(got, []int{0}) {
		t.Errorf("the best of two words: %v", got)
	}
}

// TestDeleted shows that a record is not found any more once it is deleted.
func TestDeleted(t *testing.T) {
	d := open(t, new(memstore.Disk), `{}`)
	defer d.close()
	d.append(t, `"a red fox"`, `"a fox"`, `"a red fox"`)
	d.query(t, `{"query":"fox"}`)
	if err := d.log.Delete(context.Background(), 2); err != nil {
		t.Fatal(err)
	}
	for _, options := range []string{`{"query":"red fox"}`, `{"query":"red fox","order":"rank"}`, `{"query":"red","highlights":true,"values":false}`, `{"query":"\"red fox\"","values":false}`} {
		if got := seqs(d.query(t, options)); !slices.Equal(got, []int{0}) {
			t.Errorf("%s: %v", options, got)
		}
	}
}

// TestWaits shows that pages of a view that is being built again wait for where
// it was.
func TestWaits(t *testing.T) {
	d := open(t, new(memstore.Disk), `{}`)
	defer d.close()
	d.append(t, `"a"`, `"a"`)
	for _, args := range []string{`[{"query":"a"},[0,1,7,9]]`, `[{"query":"a","order":"rank"},[0,1.5,7,9,10,100,3]]`} {
		got, err := d.v.Read(context.Background(), view.Newest, "query", json.Value(args))
		next := args[strings.LastIndex(args, "[") : len(args)-1]
		if want := `{"items":[],"next":` + next + `,"wait":true}`; err != nil || string(got) != want {
			t.Errorf("%s: %s, %v; want %s", args, string(got), err, want)
		}
	}
}

func TestRefuses(t *testing.T) {
	for options, want := range map[string]string{`{"field":"a"}`: `no option "field"`, `{"fields":[]}`: "needs a path", `{"fields":7}`: "must be a path", `{"minLength":0}`: "whole number", `7`: "must be an object"} {
		if _, err := search.Kind.New(json.Value(options)); !errors.Is(err, view.ErrOption) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", options, err)
		}
	}
	d := open(t, new(memstore.Disk), `{}`)
	defer d.close()
	for args, want := range map[string]string{
		`[]`: "no query", `[{"query":7}]`: "must be a string", `[{"query":"a","order":"best"}]`: "order must be", `[{"query":"a","reverse":true}]`: `no option "reverse"`,
		`[{"query":"a","order":"rank","live":true}]`: "no rank yet", `[{"query":"a","highlights":1}]`: "true or false", `[{"query":"a","order":"rank"},[1]]`: "the page before", `[{"query":"a"},[1]]`: "the page before",
		`[{"query":"` + strings.Repeat("x ", 65) + `"}]`: "at most 64",
	} {
		_, err := d.v.Read(context.Background(), view.Newest, "query", json.Value(args))
		if !errors.Is(err, view.ErrOption) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
}

// model finds records as slowly as can be: by looking at all of them.
func model(records [][]string, words []string, phrase string) (found []int) {
	for i, texts := range records {
		all := true
		for _, word := range words {
			some := false
			for _, text := range texts {
				for _, w := range strings.Fields(text) {
					some = some || w == word || strings.HasSuffix(word, "*") && strings.HasPrefix(w, word[:len(word)-1])
				}
			}
			all = all && some
		}
		if phrase != "" {
			some := false
			for _, text := range texts {
				some = some || strings.Contains(" "+strings.Join(strings.Fields(text), " ")+" ", " "+phrase+" ")
			}
			all = all && some
		}
		if all {
			found = append(found, i)
		}
	}
	return found
}

// TestModel compares with a model on logs of many lengths, among them such that
// need several stretches and pages, appended and asked in turns, saved and
// loaded in between.
func TestModel(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("SEED=%d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var dictionary []string
	for i := range 300 {
		dictionary = append(dictionary, strconv.FormatInt(int64(i*i+7), 26))
	}
	pick := func() string {
		n := float64(len(dictionary))
		return dictionary[int(n*r.Float64()*r.Float64()*r.Float64())]
	}
	for _, most := range []int{30, 400, 20_000} {
		disk := new(memstore.Disk)
		d := open(t, disk, `{}`)
		var records [][]string
		for len(records) < most {
			var batch []string
			for range 1 + r.IntN(most/3) {
				var texts []string
				for range r.IntN(3) {
					var words []string
					for range r.IntN(6) {
						words = append(words, pick())
					}
					texts = append(texts, strings.Join(words, " "))
				}
				records = append(records, texts)
				batch = append(batch, `["`+strings.Join(texts, `","`)+`"]`)
			}
			d.append(t, batch...)
			if r.IntN(2) == 0 {
				d.query(t, `{"query":"x"}`)
				d.close()
				d = open(t, disk, `{}`)
			}
			for range 5 {
				var words []string
				for range 1 + r.IntN(3) {
					word := pick()
					if r.IntN(3) == 0 {
						word = word[:1+r.IntN(len(word))] + "*"
					}
					words = append(words, word)
				}
				phrase, query := "", strings.Join(words, " ")
				if r.IntN(3) == 0 {
					phrase = pick() + " " + pick()
					query += ` \"` + phrase + `\"`
				}
				want := model(records, words, phrase)
				limit := 0
				if r.IntN(2) == 0 {
					limit = 1 + r.IntN(20)
				}
				cut := func(all []int) []int {
					if limit > 0 {
						return all[:min(limit, len(all))]
					}
					return all
				}
				check := func(order string, got, want []int) {
					t.Helper()
					if !slices.Equal(got, want) {
						t.Fatalf("SEED=%d: of %d records, %s, %s first, limit %d: %v, and should be %v", seed, len(records), query, order, limit, got, want)
					}
				}
				options := fmt.Sprintf(`{"query":"%s","values":%v,"limit":%d`, query, r.IntN(2) == 0, limit)
				check("oldest", seqs(d.query(t, options+`,"order":"oldest"}`)), cut(want))
				ranked := d.query(t, options+`,"order":"rank"}`)
				order := seqs(ranked)
				for i := 1; i < len(ranked); i++ {
					a, _ := ranked[i-1].Member("score").Float()
					b, _ := ranked[i].Member("score").Float()
					if a < b || a == b && order[i-1] < order[i] {
						t.Fatalf("SEED=%d: %s: %s comes before %s", seed, query, string(ranked[i-1]), string(ranked[i]))
					}
				}
				if limit == 0 {
					slices.Sort(order)
					check("best", order, want)
				}
				slices.Reverse(want)
				check("newest", seqs(d.query(t, options+`}`)), cut(want))
			}
		}
		d.close()
	}
}

func BenchmarkSearch(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var dictionary []string
	for i := range 30_000 {
		dictionary = append(dictionary, strconv.FormatInt(int64(i*97+r.IntN(90)), 26))
	}
	const n = 100_000
	var records []string
	words := 0
	for i := range n {
		var text []string
		for range 5 + r.IntN(40) {
			text = append(text, dictionary[int(float64(len(dictionary))*r.Float64()*r.Float64()*r.Float64()*r.Float64())])
		}
		words += len(text)
		records = append(records, fmt.Sprintf(`{"key":"%%%043d=.sha256","value":{"sequence":%d,"author":"@%043d=.ed25519","content":{"type":"post","text":"%s"},"signature":"%086d==.sig.ed25519"}}`, i, i, i%100, strings.Join(text, " "), i))
	}
	ctx := context.Background()
	log, _ := core.Open(ctx, memstore.Open(new(memstore.Disk)), core.Options{CacheBytes: 1 << 30})
	defer log.Close(ctx)
	views := view.Open(log, view.Options{})
	defer views.Close(ctx)
	v, _ := views.Mount(ctx, view.Spec{Name: "v", Kind: search.Kind, Options: json.Value(`{"fields":"value.content.text"}`)})
	d := &db{log, views, v}
	d.append(b, records...)
	if err := v.Wait(ctx, n-1); err != nil {
		b.Fatal(err)
	}
	b.Run("build", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			v.Rebuild()
			if err := v.Wait(ctx, n-1); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
		b.ReportMetric(float64(len(v.Save()))/float64(words), "bytes/word")
	})
	b.Run("save", func(b *testing.B) {
		for b.Loop() {
			v.Save()
		}
	})
	b.Run("load", func(b *testing.B) {
		state := v.Save()
		for b.Loop() {
			fresh, _ := search.Kind.New(json.Value(`{"fields":"value.content.text"}`))
			if err := fresh.Load(state); err != nil {
				b.Fatal(err)
			}
		}
	})
	common, rare := dictionary[3], dictionary[9000]
	for _, query := range []string{common, rare, common + " " + rare, common + " " + dictionary[9] + " " + dictionary[30], common[:1] + "*", `\"` + common + " " + dictionary[9] + `\"`} {
		for _, order := range []string{"newest", "rank"} {
			options := json.Value(fmt.Sprintf(`[{"query":"%s","order":"%s","limit":20,"values":false}]`, query, order))
			b.Run(order+" "+query, func(b *testing.B) {
				for b.Loop() {
					if _, err := v.Read(ctx, view.Newest, "query", options); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
