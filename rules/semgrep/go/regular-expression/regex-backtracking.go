package matching

import (
	"regexp"
	"time"

	"github.com/dlclark/regexp2"
)

// ruleid: go-regex-backtracking
var nested = regexp2.MustCompile(`^(\w+\s?)+$`, regexp2.None)

// ok: go-regex-backtracking
var digits = regexp2.MustCompile(`^[0-9]{5}$`, regexp2.None)

// ok: go-regex-backtracking
var linear = regexp.MustCompile(`^(a+)+$`)

func limited() *regexp2.Regexp {
	// ok: go-regex-backtracking
	pattern := regexp2.MustCompile(`^(a+)+$`, regexp2.None)
	pattern.MatchTimeout = time.Second
	return pattern
}
