package names

import (
	"math/rand"
)

func randomString(n int) string {
	out := make([]byte, n)
	for i := range out {
		// ruleid: go-predictable-random
		out[i] = byte('a' + rand.Intn(26))
	}
	return string(out)
}

func shuffled(songs []string) []string {
	// ok: go-predictable-random
	rand.Shuffle(len(songs), func(a, b int) { songs[a], songs[b] = songs[b], songs[a] })
	return songs
}
