// Package orders answers the shop's questions about orders and customers.
package orders

import (
	"container/list"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"sort"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	_ "github.com/lib/pq"
)

type server struct {
	db *sql.DB
}

type filter struct {
	Status string `json:"status"`
	Note   string `json:"note"`
}

var sortable = map[string]string{"date": "created_at", "total": "total_cents"}

const ordersByStatus = "SELECT id, total_cents FROM orders WHERE status = $1"

func (s *server) answer(w http.ResponseWriter, query string, arguments ...interface{}) {
	rows, err := s.db.Query(query, arguments...)
	if err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
		return
	}
	defer rows.Close()
	ids := []int64{}
	for rows.Next() {
		var id, total int64
		if rows.Scan(&id, &total) == nil {
			ids = append(ids, id)
		}
	}
	json.NewEncoder(w).Encode(ids)
}

// case: vulnerable
func (s *server) byCustomerNext(w http.ResponseWriter, r *http.Request) {
	customer := r.URL.Query().Get("customer")
	row := s.db.QueryRow("SELECT count(*) FROM orders WHERE customer = '" + customer + "'")
	var count int
	if err := row.Scan(&count); err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
		return
	}
	json.NewEncoder(w).Encode(count)
}

// case: safe (the value is bound)
func (s *server) byCustomer(w http.ResponseWriter, r *http.Request) {
	customer := r.URL.Query().Get("customer")
	row := s.db.QueryRowContext(r.Context(), "SELECT count(*) FROM orders WHERE customer = $1", customer)
	var count int
	if err := row.Scan(&count); err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
		return
	}
	json.NewEncoder(w).Encode(count)
}

// case: vulnerable (the statement is prepared, but its text was concatenated)
func (s *server) byCity(w http.ResponseWriter, r *http.Request) {
	city := chi.URLParam(r, "city")
	statement, err := s.db.Prepare("SELECT id FROM orders WHERE city = '" + city + "' AND total_cents > $1")
	if err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
		return
	}
	defer statement.Close()
	var id int64
	if statement.QueryRow(1000).Scan(&id) == nil {
		json.NewEncoder(w).Encode(id)
	}
}

// case: safe (the list of columns is a table, the value is bound)
func (s *server) sortedAlt(w http.ResponseWriter, r *http.Request) {
	column, ok := sortable[r.FormValue("sort")]
	if !ok {
		column = "created_at"
	}
	rows, err := s.db.Query("SELECT id, total_cents FROM orders WHERE shop = $1 ORDER BY "+column, r.FormValue("shop"))
	if err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
		return
	}
	rows.Close()
}

// case: vulnerable (the column to sort by comes as it is)
func (s *server) sorted(w http.ResponseWriter, r *http.Request) {
	query := fmt.Sprintf("SELECT id, total_cents FROM orders WHERE shop = $1 ORDER BY %s", r.FormValue("sort"))
	rows, err := s.db.QueryContext(r.Context(), query, r.FormValue("shop"))
	if err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
		return
	}
	rows.Close()
}

// case: vulnerable (escaped for HTML, put into SQL without quotes)
func (s *server) cancel(w http.ResponseWriter, r *http.Request) {
	id := html.EscapeString(r.PostFormValue("id"))
	if _, err := s.db.Exec("UPDATE orders SET status = 'cancelled' WHERE id = " + id); err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
	}
}

// case: safe (parsed as a number)
func (s *server) ship(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PostFormValue("id"), 10, 64)
	if err != nil {
		http.Error(w, "bad id", http.StatusBadRequest)
		return
	}
	if _, err := s.db.Exec(fmt.Sprintf("UPDATE orders SET status = 'shipped' WHERE id = %d", id)); err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
	}
}

// case: safe (only the number of placeholders depends on the request)
func (s *server) several(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		return
	}
	values := r.Form["id"]
	marks := make([]string, len(values))
	arguments := make([]interface{}, len(values))
	for i, value := range values {
		marks[i] = "$" + strconv.Itoa(i+1)
		arguments[i] = value
	}
	rows, err := s.db.Query("SELECT id, total_cents FROM orders WHERE id IN ("+strings.Join(marks, ", ")+")", arguments...)
	if err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
		return
	}
	rows.Close()
}

// case: vulnerable (the values of a list are joined into the statement)
func (s *server) severalAlt(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		return
	}
	rows, err := s.db.Query("SELECT id, total_cents FROM orders WHERE id IN (" + strings.Join(r.Form["id"], ", ") + ")")
	if err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
		return
	}
	rows.Close()
}

// case: vulnerable (a JSON field in a transaction, appended to the statement in a loop)
func (s *server) note(w http.ResponseWriter, r *http.Request) {
	var wanted []filter
	if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil {
		http.Error(w, "bad body", http.StatusBadRequest)
		return
	}
	tx, err := s.db.BeginTx(r.Context(), nil)
	if err != nil {
		return
	}
	defer tx.Rollback()
	query := "INSERT INTO notes (text) VALUES "
	for i, one := range wanted {
		if i > 0 {
			query += ", "
		}
		query += "('" + one.Note + "')"
	}
	if _, err := tx.ExecContext(r.Context(), query); err == nil {
		tx.Commit()
	}
}

// case: safe (the JSON body only fills parameters)
func (s *server) byStatus(w http.ResponseWriter, r *http.Request) {
	var wanted filter
	if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil {
		http.Error(w, "bad body", http.StatusBadRequest)
		return
	}
	s.answer(w, ordersByStatus, wanted.Status)
}

// case: safe (the switch looks at a constant and picks the constant)
func (s *server) region(w http.ResponseWriter, r *http.Request) {
	zone := "west-2"
	region := ""
	switch zone[len(zone)-1] {
	case '1':
		region = r.FormValue("region")
	case '2':
		region = "north"
	default:
		region = "south"
	}
	rows, err := s.db.Query("SELECT id, total_cents FROM orders WHERE region = '" + region + "'")
	if err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
		return
	}
	rows.Close()
}

// case: vulnerable (a cookie, decoded; the sink stands in a helper)
func (s *server) remembered(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie("filter")
	if err != nil {
		return
	}
	raw, err := base64.StdEncoding.DecodeString(cookie.Value)
	if err != nil {
		return
	}
	s.show(w, "SELECT id, total_cents FROM orders WHERE status = '"+string(raw)+"'")
}

func (s *server) show(w http.ResponseWriter, query string) {
	rows, err := s.db.Query(query)
	if err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
		return
	}
	rows.Close()
}

// case: safe (names of the columns come from the database itself)
func (s *server) columns(ctx context.Context, table string) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT column_name FROM information_schema.columns WHERE table_name = $1", table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names := []string{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	sort.Strings(names)
	return names, nil
}

// case: vulnerable (a linked list; its last element is the client's)
func (s *server) history(w http.ResponseWriter, r *http.Request) {
	conditions := list.New()
	conditions.PushBack("shop = 1")
	conditions.PushBack("note LIKE '%" + r.FormValue("note") + "%'")
	condition := conditions.Back().Value.(string)
	if _, err := s.db.Exec("DELETE FROM history WHERE " + condition); err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
	}
}

// case: safe (a linked list; its first element is a constant)
func (s *server) journal(w http.ResponseWriter, r *http.Request) {
	conditions := list.New()
	conditions.PushBack("shop = 1")
	conditions.PushBack("note LIKE '%" + r.FormValue("note") + "%'")
	condition := conditions.Front().Value.(string)
	if _, err := s.db.Exec("DELETE FROM history WHERE " + condition); err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
	}
}

// case: vulnerable (a closure takes the value along)
func (s *server) later(w http.ResponseWriter, r *http.Request) {
	table := r.URL.Query().Get("table")
	work := func() error {
		_, err := s.db.Exec("TRUNCATE " + table)
		return err
	}
	if err := work(); err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
	}
}

// case: safe (every letter that is not one of ours is dropped)
func (s *server) tidy(w http.ResponseWriter, r *http.Request) {
	table := strings.Map(func(letter rune) rune {
		if letter >= 'a' && letter <= 'z' || letter == '_' {
			return letter
		}
		return -1
	}, r.URL.Query().Get("table"))
	if _, err := s.db.Exec("ANALYZE tenant_" + table); err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
	}
}
