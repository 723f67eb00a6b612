package documents

import (
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	"github.com/gorilla/mux"
)

const root = "/srv/documents"

func read(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	// ruleid: go-path-traversal-request
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return
	}
	w.Write(content)
	// ruleid: go-path-traversal-request
	http.ServeFile(w, r, root+"/"+mux.Vars(r)["name"])
	// ok: go-path-traversal-request
	os.ReadFile(filepath.Join(root, filepath.Base(name)))
	// ok: go-path-traversal-request
	os.ReadFile(filepath.Join(root, path.Clean("/"+name)))
	// ruleid: go-path-traversal-request
	os.Remove(filepath.Clean(name))
}

func write(w http.ResponseWriter, r *http.Request) {
	file, header, err := r.FormFile("document")
	if err != nil {
		return
	}
	// ruleid: go-path-traversal-request
	out, err := os.Create(filepath.Join(root, header.Filename))
	if err != nil {
		return
	}
	io.Copy(out, file)
}

func local(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("name")
	if !filepath.IsLocal(name) {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	// ok: go-path-traversal-request
	http.ServeFile(w, r, filepath.Join(root, name))
}

func dots(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("name")
	if strings.Contains(name, "..") {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	// ok: go-path-traversal-request
	os.Open(filepath.Join(root, name))
}

func compared(w http.ResponseWriter, r *http.Request) {
	full := filepath.Join(root, r.FormValue("name"))
	if !strings.HasPrefix(full, root+string(os.PathSeparator)) {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	// ok: go-path-traversal-request
	os.Open(full)
}

func relative(w http.ResponseWriter, r *http.Request) {
	full := filepath.Join(root, r.FormValue("name"))
	rel, err := filepath.Rel(root, full)
	if err != nil || strings.HasPrefix(rel, "..") {
		return
	}
	// ok: go-path-traversal-request
	os.Open(full)
}

func removed(w http.ResponseWriter, r *http.Request) {
	name := strings.ReplaceAll(r.FormValue("name"), "../", "")
	// ruleid: go-path-traversal-request
	os.Open(root + "/" + name)
}

func withGin(c *gin.Context) {
	// ruleid: go-path-traversal-request
	c.File(root + "/" + c.Query("name"))
	file, _ := c.FormFile("file")
	// ruleid: go-path-traversal-request
	c.SaveUploadedFile(file, root+"/"+file.Filename)
	// ok: go-path-traversal-request
	c.SaveUploadedFile(file, root+"/"+filepath.Base(file.Filename))
}

func withFiber(c *fiber.Ctx) error {
	// ruleid: go-path-traversal-request
	return c.SendFile(root + "/" + c.Params("name"))
}
