// Package documents serves and stores the files of the intranet.
package documents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/ioutil"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/gorilla/mux"
)

const root = "/srv/documents"

var templates = map[string]string{"letter": "letter.odt", "invoice": "invoice.odt"}

var fileName = regexp.MustCompile(`^[a-z0-9_]+\.(pdf|odt)$`)

type store struct {
	folder string
}

func (s store) report() string { return "summary.pdf" }

func cleaned(name string) string {
	return strings.ReplaceAll(name, "../", "")
}

func inside(name string) (string, error) {
	full := filepath.Join(root, name)
	relative, err := filepath.Rel(root, full)
	if err != nil || relative == ".." || strings.HasPrefix(relative, ".."+string(filepath.Separator)) {
		return "", errors.New("outside")
	}
	return full, nil
}

// case: vulnerable
func download(w http.ResponseWriter, r *http.Request) {
	content, err := os.ReadFile(root + "/" + r.URL.Query().Get("file"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Write(content)
}

// case: safe (only the last element is used)
func preview(w http.ResponseWriter, r *http.Request) {
	name := filepath.Base(r.URL.Query().Get("file"))
	file, err := os.Open(filepath.Join(root, "previews", name))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer file.Close()
	w.Header().Set("Content-Type", "image/png")
	io.Copy(w, file)
}

// case: vulnerable (Join cleans the path but does not keep it below the folder)
func showNext(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("name")
	full := filepath.Join(root, "public", name)
	http.ServeFile(w, r, full)
}

// case: safe (the path is made absolute, then compared with the root)
func show(w http.ResponseWriter, r *http.Request) {
	full := filepath.Join(root, r.FormValue("name"))
	if !strings.HasPrefix(full, root+string(os.PathSeparator)) {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	content, err := os.ReadFile(full)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Write(content)
}

// case: vulnerable (removing ../ once leaves what `....//` becomes)
func attachment(w http.ResponseWriter, r *http.Request) {
	name := cleaned(mux.Vars(r)["name"])
	file, err := os.Open(root + "/attachments/" + name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer file.Close()
	w.Header().Set("Content-Type", "application/octet-stream")
	io.Copy(w, file)
}

// case: safe (a table gives the name)
func template(w http.ResponseWriter, r *http.Request) {
	name, known := templates[r.FormValue("kind")]
	if !known {
		http.Error(w, "unknown", http.StatusBadRequest)
		return
	}
	content, _ := ioutil.ReadFile(root + "/templates/" + name)
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Write(content)
}

// case: safe (a helper refuses what leaves the root)
func version(w http.ResponseWriter, r *http.Request) {
	full, err := inside(r.FormValue("name"))
	if err != nil {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	info, err := os.Stat(full)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	fmt.Fprintf(w, "%d", info.ModTime().Unix())
}

// case: vulnerable (a field of a multipart form names the target)
func upload(w http.ResponseWriter, r *http.Request) {
	file, _, err := r.FormFile("document")
	if err != nil {
		return
	}
	defer file.Close()
	target, err := os.Create(filepath.Join(root, r.PostFormValue("folder"), "document.bin"))
	if err != nil {
		return
	}
	defer target.Close()
	io.Copy(target, io.LimitReader(file, 10<<20))
}

// case: safe (the stored name is a number of ours, only the extension is looked at)
func uploadApi(w http.ResponseWriter, r *http.Request) {
	file, header, err := r.FormFile("document")
	if err != nil {
		return
	}
	defer file.Close()
	extension := ".bin"
	if strings.EqualFold(filepath.Ext(header.Filename), ".pdf") {
		extension = ".pdf"
	}
	number := nextNumber()
	target, err := os.Create(root + "/incoming/" + strconv.Itoa(number) + extension)
	if err != nil {
		return
	}
	defer target.Close()
	io.Copy(target, io.LimitReader(file, 10<<20))
}

func nextNumber() int { return os.Getpid() }

// case: vulnerable (parts of a JSON body; deleting)
func purge(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Paths []string `json:"paths"`
	}
	if json.NewDecoder(r.Body).Decode(&body) != nil {
		return
	}
	for _, one := range body.Paths {
		if err := os.RemoveAll(path.Join(root, "trash", one)); err != nil {
			break
		}
	}
}

// case: safe (the wrapper's name is a constant, whatever the request says)
func summary(w http.ResponseWriter, r *http.Request) {
	s := store{folder: r.FormValue("folder")}
	content, err := os.ReadFile(filepath.Join(root, s.report()))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/pdf")
	w.Write(content)
}

// case: vulnerable (the struct's field carries the value)
func listing(w http.ResponseWriter, r *http.Request) {
	s := store{folder: r.FormValue("folder")}
	entries, err := os.ReadDir(root + "/" + s.folder)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	for _, entry := range entries {
		fmt.Fprintln(w, entry.Type())
	}
}

// case: safe (the pattern allows no separator)
func fetch(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("name")
	if !fileName.MatchString(name) {
		http.Error(w, "bad name", http.StatusBadRequest)
		return
	}
	http.ServeFile(w, r, root+"/public/"+name)
}

// case: safe (http.Dir keeps what it opens below itself)
func static(w http.ResponseWriter, r *http.Request) {
	file, err := http.Dir(root).Open(r.FormValue("name"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer file.Close()
	io.Copy(w, file)
}

// case: vulnerable (a raw query parameter decoded twice)
func legacy(w http.ResponseWriter, r *http.Request) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return
	}
	name, err := url.PathUnescape(values.Get("p"))
	if err != nil {
		return
	}
	file, err := os.OpenFile(root+"/legacy/"+name+".txt", os.O_RDONLY, 0)
	if err != nil {
		return
	}
	defer file.Close()
	io.Copy(w, file)
}

// case: safe (the part is read, never its name)
func inspect(w http.ResponseWriter, header *multipart.FileHeader) error {
	part, err := header.Open()
	if err != nil {
		return err
	}
	defer part.Close()
	head := make([]byte, 512)
	count, err := part.Read(head)
	if err != nil {
		return err
	}
	fmt.Fprint(w, http.DetectContentType(head[:count]))
	return nil
}

// case: vulnerable (carried in the context)
func draft(w http.ResponseWriter, r *http.Request) {
	ctx := context.WithValue(r.Context(), draftKey{}, r.FormValue("draft"))
	name, _ := ctx.Value(draftKey{}).(string)
	content, err := os.ReadFile(root + "/drafts/" + name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Write(content)
}

type draftKey struct{}

// case: safe (both halves must be numbers)
func scan(w http.ResponseWriter, r *http.Request) {
	year, month, found := strings.Cut(r.FormValue("month"), "-")
	y, err := strconv.Atoi(year)
	m, err2 := strconv.Atoi(month)
	if !found || err != nil || err2 != nil {
		http.Error(w, "bad month", http.StatusBadRequest)
		return
	}
	content, err := os.ReadFile(fmt.Sprintf("%s/scans/%04d/%02d.pdf", root, y, m))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/pdf")
	w.Write(content)
}
