// Package render converts uploaded drawings and starts the print jobs of the shop.
package render

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"
)

const drawings = "/srv/render/drawings"

var presetArguments = map[string]string{
	"draft": "-quality 40",
	"press": "-quality 95 -density 300",
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,48}$`)

// jobRequest is what the handlers want to know of a request.
type jobRequest struct {
	raw *http.Request
}

func (j jobRequest) printer() string { return j.raw.Header.Get("X-Printer") }

func (j jobRequest) queue() string { return "default" }

// Routes lists what the service answers.
func Routes() http.Handler {
	router := mux.NewRouter()
	router.HandleFunc("/thumbnail", thumbnail)
	router.HandleFunc("/drawings/{name}/rotate", rotate)
	return router
}

// case: vulnerable
func thumbnail(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	out, err := exec.Command("sh", "-c", "convert "+drawings+"/"+name+" -resize 160x160 png:-").Output()
	if err != nil {
		http.Error(w, "conversion failed", http.StatusInternalServerError)
		return
	}
	w.Write(out)
}

// case: safe (the program is constant, the value is one argument behind a fixed folder and no shell reads it)
func dimensions(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	out, err := exec.Command("identify", "-format", "%wx%h", filepath.Join(drawings, filepath.Base(name))).Output()
	if err != nil {
		http.Error(w, "no such drawing", http.StatusNotFound)
		return
	}
	w.Write(out)
}

// case: vulnerable (path variable, Sprintf, and the statement goes through a slice)
func rotate(w http.ResponseWriter, r *http.Request) {
	vars := mux.Vars(r)
	line := fmt.Sprintf("mogrify -rotate 90 %s/%s.png", drawings, vars["name"])
	arguments := []string{"-c", line}
	cmd := exec.Command("/bin/bash", arguments...)
	if err := cmd.Run(); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// case: safe (the preset only picks an entry of a table)
func press(w http.ResponseWriter, r *http.Request) {
	options, ok := presetArguments[r.FormValue("preset")]
	if !ok {
		options = presetArguments["draft"]
	}
	cmd := exec.Command("sh", "-c", "mogrify "+options+" "+drawings+"/current.png")
	if err := cmd.Run(); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// case: vulnerable (HTML escaping does not touch back-quotes and dollar signs)
func caption(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		return
	}
	text := html.EscapeString(r.PostForm.Get("caption"))
	var line strings.Builder
	line.WriteString("convert current.png -annotate 0 \"")
	line.WriteString(text)
	line.WriteString("\" captioned.png")
	cmd := exec.CommandContext(r.Context(), "sh", "-c", line.String())
	cmd.Dir = drawings
	if err := cmd.Start(); err == nil {
		go cmd.Wait()
	}
}

// case: safe (the wrapper's queue is a constant)
func enqueue(w http.ResponseWriter, r *http.Request) {
	job := jobRequest{raw: r}
	queue := job.queue()
	if err := exec.Command("sh", "-c", "lp -d "+queue+" "+drawings+"/current.png").Run(); err != nil {
		http.Error(w, "printer busy", http.StatusServiceUnavailable)
	}
}

// case: vulnerable (a header behind the wrapper's method; the sink stands in a helper)
func printNow(w http.ResponseWriter, r *http.Request) {
	job := jobRequest{raw: r}
	if err := runShell("lp -d " + job.printer() + " " + drawings + "/current.png"); err != nil {
		http.Error(w, "printer busy", http.StatusServiceUnavailable)
	}
}

func runShell(line string) error {
	return exec.Command("sh", "-c", line).Run()
}

// case: safe (the whole name must match before it is used)
func outline(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("name")
	if !plainName.MatchString(name) {
		http.Error(w, "bad name", http.StatusBadRequest)
		return
	}
	if err := exec.Command("sh", "-c", "potrace "+drawings+"/"+name+".pbm").Run(); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// case: vulnerable (the check only writes the status, the handler goes on)
func trace(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("name")
	if strings.ContainsAny(name, ";|&") {
		w.WriteHeader(http.StatusBadRequest)
	}
	if err := exec.Command("sh", "-c", "potrace "+drawings+"/"+name+".pbm").Run(); err != nil {
		return
	}
}

// case: safe (a number cannot carry a command)
func scale(w http.ResponseWriter, r *http.Request) {
	percent, err := strconv.Atoi(r.FormValue("percent"))
	if err != nil || percent < 1 || percent > 400 {
		http.Error(w, "bad scale", http.StatusBadRequest)
		return
	}
	line := fmt.Sprintf("mogrify -resize %d%% %s/current.png", percent, drawings)
	if err := exec.Command("sh", "-c", line).Run(); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// case: safe (the dead branch would take the request's value)
func watermark(w http.ResponseWriter, r *http.Request) {
	stamp := r.FormValue("stamp")
	margin := 31
	var text string
	if 4*margin-20 > 90 {
		text = "internal"
	} else {
		text = stamp
	}
	if err := exec.Command("sh", "-c", "composite -watermark 30 "+text+".png current.png").Run(); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// case: vulnerable (a JSON body's field is the program itself)
func plugin(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Filter    string   `json:"filter"`
		Arguments []string `json:"arguments"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, "bad body", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 20*time.Second)
	defer cancel()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, body.Filter, body.Arguments...)
	cmd.Stdout = &out
	if err := cmd.Run(); err == nil {
		w.Write(out.Bytes())
	}
}

// case: safe (the map's other entry is the tainted one)
func archive(w http.ResponseWriter, r *http.Request) {
	settings := map[string]string{}
	settings["label"] = r.FormValue("label")
	settings["format"] = "tiff"
	if err := exec.Command("sh", "-c", "mogrify -format "+settings["format"]+" "+drawings+"/*.png").Run(); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// case: vulnerable (the name of an uploaded file)
func importDrawing(w http.ResponseWriter, r *http.Request) {
	_, header, err := r.FormFile("drawing")
	if err != nil {
		http.Error(w, "no drawing", http.StatusBadRequest)
		return
	}
	line := "unoconv -f png /srv/render/incoming/" + header.Filename
	if err := exec.Command("sh", "-c", line).Run(); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// case: safe (of the uploaded file's name only its length is used)
func importTitle(w http.ResponseWriter, r *http.Request) {
	_, header, err := r.FormFile("drawing")
	if err != nil {
		http.Error(w, "no drawing", http.StatusBadRequest)
		return
	}
	line := "unoconv -f png /srv/render/incoming/" + strconv.Itoa(len(header.Filename)) + ".svg"
	if err := exec.Command("sh", "-c", line).Run(); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
	}
}
