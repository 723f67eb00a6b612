// Package media is the picture and sound library behind three small services.
package media

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	"github.com/gorilla/websocket"
	"github.com/labstack/echo/v4"
)

var (
	library  = "/var/lib/media"
	upgrader = websocket.Upgrader{}
	errPath  = errors.New("path leaves the library")
)

type entry struct {
	name string
}

func resolve(name string) (string, error) {
	full, err := filepath.Abs(filepath.Join(library, name))
	if err != nil {
		return "", err
	}
	if full != library && !strings.HasPrefix(full, library+"/") {
		return "", errPath
	}
	return full, nil
}

func trimmed(name string) string { return strings.TrimLeft(name, "/") }

func cover(string) string { return "cover.jpg" }

// case: vulnerable
func pictureNext(c *gin.Context) {
	c.File(library + "/pictures/" + c.Query("name"))
}

// case: safe (the helper compares with the root and the handler stops)
func picture(c *gin.Context) {
	full, err := resolve(c.Query("name"))
	if err != nil {
		c.AbortWithStatus(http.StatusForbidden)
		return
	}
	c.File(full)
}

// case: vulnerable (the uploaded file's name as the client wrote it in a header)
func upload(c *gin.Context) {
	name := c.GetHeader("X-File-Name")
	body, err := io.ReadAll(io.LimitReader(c.Request.Body, 8<<20))
	if err != nil {
		return
	}
	if err := os.WriteFile(filepath.Join(library, name), body, 0o600); err != nil {
		c.Status(http.StatusInternalServerError)
	}
}

// case: safe (the framework's form file, its base name only)
func uploadV2(c *gin.Context) {
	file, err := c.FormFile("picture")
	if err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	if err := c.SaveUploadedFile(file, filepath.Join(library, "incoming", filepath.Base(file.Filename))); err != nil {
		c.Status(http.StatusInternalServerError)
	}
}

// case: vulnerable (a wildcard parameter holds slashes; trimming the first is no check)
func soundApi(c echo.Context) error {
	return c.File(filepath.Join(library, "sounds", trimmed(c.Param("*"))))
}

// case: safe (the helper gives a constant)
func sound(c echo.Context) error {
	return c.File(filepath.Join(library, "sounds", cover(c.Param("*"))))
}

// case: vulnerable (prefix checked before the path is cleaned)
func stream(c echo.Context) error {
	wanted := c.QueryParam("path")
	if !strings.HasPrefix(wanted, library) {
		return echo.ErrForbidden
	}
	file, err := os.Open(wanted)
	if err != nil {
		return echo.ErrNotFound
	}
	defer file.Close()
	return c.Stream(http.StatusOK, "audio/mpeg", file)
}

// case: safe (cleaned first, then the prefix with its separator)
func streamTwo(c echo.Context) error {
	wanted := filepath.Clean(c.QueryParam("path"))
	if !strings.HasPrefix(wanted, library+"/") {
		return echo.ErrForbidden
	}
	file, err := os.Open(wanted)
	if err != nil {
		return echo.ErrNotFound
	}
	defer file.Close()
	return c.Stream(http.StatusOK, "audio/mpeg", file)
}

// case: vulnerable (fiber's query reaches SendFile)
func lyricsNext(c *fiber.Ctx) error {
	language := c.Query("language", "en")
	return c.SendFile(library + "/lyrics/" + language + "/index.txt")
}

// case: safe (one of two constants)
func lyrics(c *fiber.Ctx) error {
	language := "en"
	if c.Query("language") == "de" {
		language = "de"
	}
	return c.SendFile(library + "/lyrics/" + language + "/index.txt")
}

// case: vulnerable (websocket message, rename)
func renaming(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	var message struct{ From, To string }
	for conn.ReadJSON(&message) == nil {
		if err := os.Rename(library+"/"+message.From, library+"/"+message.To); err != nil {
			return
		}
	}
}

// case: safe (the second key of the map is read, the first is the request's)
func mirror(w http.ResponseWriter, r *http.Request) {
	options := map[string]string{"source": r.FormValue("source"), "target": "mirror"}
	entries, err := os.ReadDir(filepath.Join(library, options["target"]))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("X-Count", http.StatusText(len(entries)))
}

// case: vulnerable (the value waits in a struct in a slice)
func playlist(w http.ResponseWriter, r *http.Request) {
	queue := []entry{{name: "intro.mp3"}}
	queue = append(queue, entry{name: r.Header.Get("X-Track")})
	last := queue[len(queue)-1]
	http.ServeFile(w, r, library+"/tracks/"+last.name)
}

// case: safe (filepath.IsLocal refuses absolute paths and those that climb)
func track(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("name")
	if !filepath.IsLocal(name) {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	content, err := os.ReadFile(filepath.Join(library, name))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "audio/mpeg")
	w.Write(content)
}

// case: safe (rooted at a slash before it is cleaned, so it cannot climb)
func artwork(w http.ResponseWriter, r *http.Request) {
	name := filepath.Clean("/" + r.FormValue("name"))
	content, err := os.ReadFile(library + name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Write(content)
}

// case: vulnerable (the check for dots is on another value)
func thumbnails(w http.ResponseWriter, r *http.Request) {
	size, album := r.FormValue("size"), r.FormValue("album")
	if strings.Contains(size, "..") {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	if err := os.MkdirAll(filepath.Join(library, "thumbs", album), 0o750); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
	}
}
