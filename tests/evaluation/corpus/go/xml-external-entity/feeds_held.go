// Package feeds imports feeds, maps and settings in XML for tenants.
package feeds

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	"github.com/jbowtie/gokogiri"
	gxml "github.com/jbowtie/gokogiri/xml"
	"github.com/labstack/echo/v4"
	"github.com/lestrrat-go/libxml2"
	"github.com/lestrrat-go/libxml2/parser"
)

// Feed is a channel with items.
type Feed struct {
	Title string   `xml:"channel>title"`
	Items []string `xml:"channel>item>title"`
}

var errDirective = errors.New("directives are not accepted")

func withoutDirectives(raw []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(raw))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, ok := token.(xml.Directive); ok {
			return errDirective
		}
	}
}

// case: vulnerable (the strict options put entities in and load the document type)
func upload(c *gin.Context) {
	raw, err := c.GetRawData()
	if err != nil {
		return
	}
	document, err := gxml.Parse(raw, gxml.DefaultEncodingBytes, nil, gxml.StrictParseOption, gxml.DefaultEncodingBytes)
	if err != nil {
		c.Status(http.StatusBadRequest)
		return
	}
	defer document.Free()
	c.JSON(http.StatusOK, document.Root().Content())
}

// case: safe (the default options leave the document type alone)
func uploadNext(c *gin.Context) {
	raw, err := c.GetRawData()
	if err != nil {
		return
	}
	document, err := gokogiri.ParseXml(raw)
	if err != nil {
		c.Status(http.StatusBadRequest)
		return
	}
	defer document.Free()
	c.JSON(http.StatusOK, document.Root().Content())
}

// case: vulnerable (flags combined with the default)
func settings(c *gin.Context) {
	text := c.PostForm("settings")
	document, err := gxml.Parse([]byte(text), nil, nil, gxml.DefaultParseOption|gxml.XML_PARSE_NOENT, nil)
	if err != nil {
		c.Status(http.StatusBadRequest)
		return
	}
	defer document.Free()
	c.JSON(http.StatusOK, document.Root().Content())
}

// case: safe (encoding/xml by the framework's binding)
func bind(c *gin.Context) {
	var feed Feed
	if err := c.ShouldBindXML(&feed); err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	c.JSON(http.StatusOK, feed)
}

// case: vulnerable (an uploaded file; the list of options holds it)
func importFile(c echo.Context) error {
	header, err := c.FormFile("feed")
	if err != nil {
		return echo.ErrBadRequest
	}
	file, err := header.Open()
	if err != nil {
		return echo.ErrBadRequest
	}
	defer file.Close()
	options := []parser.Option{parser.XMLParseRecover}
	options = append(options, parser.XMLParseNoEnt)
	document, err := libxml2.ParseReader(file, options...)
	if err != nil {
		return echo.ErrBadRequest
	}
	defer document.Free()
	return c.JSON(http.StatusOK, document.String())
}

// case: safe (directives are refused before, by a parser that ignores them)
func importPart(c echo.Context) error {
	raw, err := io.ReadAll(io.LimitReader(c.Request().Body, 1<<20))
	if err != nil {
		return echo.ErrBadRequest
	}
	if err := withoutDirectives(raw); err != nil {
		return echo.ErrBadRequest
	}
	document, err := libxml2.Parse(raw, parser.XMLParseNoEnt)
	if err != nil {
		return echo.ErrBadRequest
	}
	defer document.Free()
	return c.JSON(http.StatusOK, document.String())
}

// case: safe (the document is a file of the server)
func defaults(c echo.Context) error {
	raw, err := os.ReadFile("/etc/feeds/defaults.xml")
	if err != nil {
		return echo.ErrInternalServerError
	}
	document, err := libxml2.Parse(raw, parser.XMLParseNoEnt)
	if err != nil {
		return echo.ErrInternalServerError
	}
	defer document.Free()
	return c.JSON(http.StatusOK, document.String())
}

// case: vulnerable (the options stand among others, the document on standard input)
func transform(w http.ResponseWriter, r *http.Request) {
	cmd := exec.CommandContext(r.Context(), "xmllint", "--loaddtd", "--noent", "--xpath", "//title/text()", "-")
	cmd.Stdin = strings.NewReader(r.PostFormValue("document"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		http.Error(w, "failed", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	w.Write(out)
}

// case: vulnerable (a directive's SYSTEM address is fetched by our own code)
func subscribe(w http.ResponseWriter, r *http.Request) {
	decoder := xml.NewDecoder(r.Body)
	decoder.Entity = make(map[string]string)
	for {
		token, err := decoder.Token()
		if err != nil {
			return
		}
		switch part := token.(type) {
		case xml.Directive:
			var name, address string
			if _, err := fmt.Sscanf(string(part), "DOCTYPE feed [<!ENTITY %s SYSTEM %q>]", &name, &address); err != nil {
				continue
			}
			response, err := http.Get(address)
			if err != nil {
				continue
			}
			content, _ := io.ReadAll(response.Body)
			response.Body.Close()
			decoder.Entity[name] = string(content)
		case xml.CharData:
			w.Write(part)
		}
	}
}

// case: safe (directives are seen and skipped)
func titles(w http.ResponseWriter, r *http.Request) {
	decoder := xml.NewDecoder(r.Body)
	count := 0
	for {
		token, err := decoder.Token()
		if err != nil {
			break
		}
		switch token.(type) {
		case xml.Directive:
			continue
		case xml.StartElement:
			count++
		}
	}
	fmt.Fprint(w, count)
}

// case: safe (the entities are constants of ours)
func abbreviations(c *fiber.Ctx) error {
	decoder := xml.NewDecoder(bytes.NewReader(c.Body()))
	decoder.Entity = map[string]string{"copy": "(c)", "firm": "Acme"}
	var feed Feed
	if err := decoder.Decode(&feed); err != nil {
		return fiber.ErrBadRequest
	}
	return c.JSON(feed)
}

// case: safe (Unmarshal of the standard library, lists of values)
func several(c *fiber.Ctx) error {
	feeds := []Feed{}
	for _, part := range strings.Split(string(c.Body()), "\n\n") {
		var feed Feed
		if err := xml.Unmarshal([]byte(part), &feed); err != nil {
			return fiber.ErrBadRequest
		}
		feeds = append(feeds, feed)
	}
	return c.JSON(feeds)
}
