package preview

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"

	"github.com/gin-gonic/gin"
	"github.com/go-resty/resty/v2"
)

const api = "https://api.example.org"

var hosts = map[string]bool{"images.example.org": true}

type service struct {
	client  *http.Client
	baseURL string
}

func (s *service) fetch(w http.ResponseWriter, r *http.Request) {
	target := r.FormValue("url")
	// ruleid: go-ssrf-request
	http.Get(target)
	// ruleid: go-ssrf-request
	s.client.Get("http://" + r.FormValue("host") + "/status")
	// ruleid: go-ssrf-request
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, target, nil)
	if err != nil {
		return
	}
	s.client.Do(req)
	// ok: go-ssrf-request
	http.Get("https://api.example.org/users/" + r.FormValue("id"))
	// ok: go-ssrf-request
	http.Get(fmt.Sprintf("https://api.example.org/users/%s", r.FormValue("id")))
	// ok: go-ssrf-request
	http.Get(s.baseURL + "/users/" + r.FormValue("id"))
	// ok: go-ssrf-request
	http.Get(api + "/users/" + r.FormValue("id"))
	// ruleid: go-ssrf-request
	http.Get(fmt.Sprintf("https://%s.example.org/", r.FormValue("tenant")))
	// ruleid: go-ssrf-request
	net.Dial("tcp", r.FormValue("address"))
}

func listed(w http.ResponseWriter, r *http.Request) {
	u, err := url.Parse(r.FormValue("url"))
	if err != nil || u.Scheme != "https" || !hosts[u.Hostname()] {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	// ok: go-ssrf-request
	http.Get(u.String())
}

func proxy(c *gin.Context) {
	target, _ := url.Parse(c.Query("backend"))
	// ruleid: go-ssrf-request
	httputil.NewSingleHostReverseProxy(target).ServeHTTP(c.Writer, c.Request)
}

func rest(ctx context.Context, c *gin.Context) {
	// ruleid: go-ssrf-request
	resty.New().R().SetContext(ctx).Get(c.Query("url"))
	var in struct{ Hook string }
	if err := c.ShouldBindJSON(&in); err != nil {
		return
	}
	// ruleid: go-ssrf-request
	http.Post(in.Hook, "application/json", nil)
	// ok: go-ssrf-request
	http.Post("https://hooks.example.org/", "text/plain", c.Request.Body)
}

func query(c *gin.Context) {
	v := url.Values{}
	v.Set("q", c.Query("q"))
	// ok: go-ssrf-request
	http.Get("https://api.example.org/find?" + v.Encode())
}
