package search

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

func split(text string) (words []string) {
	var s splitter
	for s.split([]byte(text)); s.next(); {
		words = append(words, string(s.word))
	}
	return words
}

func TestWords(t *testing.T) {
	long := strings.Repeat("x", 100)
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"no words", " .,;-\t\n!", ""},
		{"ASCII", "Hello, World! foo_bar x2", "hello world foo_bar x2"},
		{"apostrophes", "don't o’clock", "don t o clock"},
		{"accents", "Crème Brûlée naïve Ångström", "creme brulee naive angstrom"},
		{"accents of their own", "Cre\u0300me na\u0308i\u0308ve", "creme naive"},
		{"letters that do not come apart", "Straße Łódź Øre þing Ðæt cœur", "strasse lodz ore thing daet coeur"},
		{"Turkish", "İstanbul ISTANBUL ılık", "istanbul istanbul ilik"},
		{"Greek", "Ἀθῆναι ΣΊΣΥΦΟΣ Σίσυφος", "αθηναι σισυφοσ σισυφοσ"},
		{"Cyrillic", "Ёлка Київ МОСКВА", "елка киів москва"},
		{"Vietnamese", "Tiếng Việt", "tieng viet"},
		{"Hebrew with and without points", "שָׁלוֹם שלום", "שלום שלום"},
		{"Arabic with and without points", "كِتَاب كتاب كـتـاب", "كتاب كتاب كتاب"},
		{"Hindi keeps its vowels", "हिन्दी किताब", "हिन्दी किताब"},
		{"joiners", "می\u200Cخواهم co\u00ADoperate", "میخواهم cooperate"},
		{"ligatures and wide letters", "ﬁne Ｆｕｌｌ１２ ②", "fine full12 2"},
		{"Chinese", "中文分词", "中文 文分 分词 词"},
		{"one character", "猫", "猫"},
		{"Japanese", "猫が好き。カタカナー", "猫か\u3099 か\u3099好 好き き カタ タカ カナ ナー ー"},
		{"half-width kana", "ｶﾞｷﾞ", "カ\u3099キ\u3099 キ\u3099"},
		{"Korean", "한국어 좋다", "한국 국어 어 좋다 다"},
		{"Korean in parts", "\u1112\u1161\u11AB\u1100\u116E\u11A8\u110B\u1165", "한국 국어 어"},
		{"Thai", "ไทย", "ไท ทย ย"},
		{"scripts together", "iPhone手机x", "iphone 手机 机 x"},
		{"beyond 16 bits", "𝐇𝐞𝐥𝐥𝐨 𐐀𐐁 😀 𠀀𠀁", "hello 𐐨𐐩 𠀀𠀁 𠀁"},
		{"a long word", long + " y", long[:64] + " y"},
		{"no UTF-8", "a\xffb \xed\xa0\x80 c\xe4", "a b c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.Join(split(c.text), " "); got != c.want {
				t.Errorf("%q becomes %q, and should become %q", c.text, got, c.want)
			}
		})
	}
}

// TestCharacters folds every character there is.
func TestCharacters(t *testing.T) {
	classes := map[class]int{}
	var buf [utf8.UTFMax]byte
	for r := rune(1); r <= utf8.MaxRune; r++ {
		if !utf8.ValidRune(r) || r < utf8.RuneSelf {
			continue
		}
		text := []byte(string(r))
		c := characterOf(text, &buf)
		if c.size != len(text) || c.units != len(utf16.Encode([]rune{r})) {
			t.Fatalf("%U has %d bytes and %d units", r, c.size, c.units)
		}
		classes[c.class]++
		if c.class == outside || c.class == ignored {
			continue
		}
		for rest := c.folded; len(rest) > 0; {
			if rest[0] < utf8.RuneSelf {
				if ascii[rest[0]] != rest[0] {
					t.Fatalf("%U becomes %q", r, c.folded)
				}
				rest = rest[1:]
				continue
			}
			again := characterOf(rest, &buf)
			if again.class == outside || again.class == ignored || !bytes.Equal(again.folded, rest[:again.size]) {
				t.Fatalf("%U becomes %q, and that %q", r, c.folded, again.folded)
			}
			rest = rest[again.size:]
		}
	}
	if classes[letter] < 30_000 || classes[unspaced] < 90_000 || classes[mark] < 1000 || classes[ignored] < 500 {
		t.Errorf("classes %v", classes)
	}
}

// FuzzWords checks what holds for the words of any text.
func FuzzWords(f *testing.F) {
	for _, seed := range []string{"", "Hello, World", "Crème na\u0308ive", "中文分词 猫", "ｶﾞ 한국어 \u1112\u1161\u11AB", "हिन्दी \u093F", "\xff\xed\xa0\x80x", "a\u200Cb \u0301c", "😀𝐇 ǅ ŉ ﷺ ½ ①", strings.Repeat("ß", 70), "แก้ว \u0E49", "が\u3099\u3099\u3099"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		valid := utf8.Valid(text)
		units := utf16.Encode([]rune(string(text)))
		var s splitter
		lastStart, lastEnd, lastTo := -1, 0, 0
		for s.split(text); s.next(); {
			if len(s.word) == 0 || len(s.word) > maxWord || s.length < 0 {
				t.Fatalf("%q has the word %q", text, s.word)
			}
			if s.start < lastStart || s.end < lastEnd || s.end <= s.start || s.to < lastTo || s.to > len(text) {
				t.Fatalf("%q: word %q goes from %d to %d, byte %d, behind one from %d to %d, byte %d", text, s.word, s.start, s.end, s.to, lastStart, lastEnd, lastTo)
			}
			if s.spaced && s.start < lastEnd {
				t.Fatalf("%q: word %q overlaps", text, s.word)
			}
			lastStart, lastEnd, lastTo = s.start, s.end, s.to
			if !valid {
				continue
			}
			if s.end > len(units) {
				t.Fatalf("%q: word %q ends at %d of %d", text, s.word, s.end, len(units))
			}
			// What is found there by itself begins with the same word, and folding
			// it again changes nothing.
			word := bytes.Clone(s.word)
			var alone splitter
			alone.split([]byte(string(utf16.Decode(units[s.start:s.end]))))
			if !alone.next() || !bytes.Equal(alone.word, word) {
				t.Fatalf("%q: word %q at %d to %d is %q by itself", text, word, s.start, s.end, alone.word)
			}
			if s.spaced && len(word) < maxWord-8 {
				alone.split(word)
				if !alone.next() || !bytes.Equal(alone.word, word) {
					t.Fatalf("%q: word %q becomes %q", text, word, alone.word)
				}
			}
		}
		if valid && s.unit != len(units) {
			t.Fatalf("%q has %d units, not %d", text, len(units), s.unit)
		}
	})
}

// FuzzQuery checks that whatever is written is a query, or refused.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"", "foo bar", `"a phrase" wor*`, `"not closed`, `“set by a phone” x`, "中文分词 猫", `"猫 x" "x 猫"`, "a* b*", strings.Repeat("x ", 70), `""""`, "*", `"a*b"`, "\xff\""} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, text []byte, minLength int) {
		q, err := parseQuery(text, minLength, minLength%2 == 0)
		if err != nil {
			return
		}
		if len(q.terms) > maxTerms || len(q.phrases) > maxTerms {
			t.Fatalf("%q has %d terms and %d phrases", text, len(q.terms), len(q.phrases))
		}
		used := q.alone
		for _, phrase := range q.phrases {
			if len(phrase) < 2 {
				t.Fatalf("%q has a phrase of %d", text, len(phrase))
			}
			for _, n := range phrase {
				used |= 1 << n
			}
		}
		for i, term := range q.terms {
			if len(term.word) == 0 || used>>i&1 == 0 {
				t.Fatalf("%q has the term %q, which is not used", text, term.word)
			}
		}
	})
}
