package shop

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	sq "github.com/Masterminds/squirrel"
	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	"github.com/gorilla/mux"
	"github.com/jackc/pgx/v5"
	"github.com/jmoiron/sqlx"
	"github.com/labstack/echo/v4"
	"github.com/lib/pq"
	"gorm.io/gorm"
)

type store struct {
	db *sql.DB
}

type wish struct {
	ID    int    `json:"id"`
	Label string `json:"label"`
}

var sortColumns = map[string]string{"name": "name", "price": "unit_price"}

func (s *store) byName(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	// ruleid: go-sql-injection-request
	rows, _ := s.db.Query("SELECT id FROM item WHERE name = '" + name + "'")
	defer rows.Close()
	// ruleid: go-sql-injection-request
	s.db.QueryRowContext(r.Context(), fmt.Sprintf("SELECT id FROM item WHERE name = '%s'", name))
	// ok: go-sql-injection-request
	s.db.Query("SELECT id FROM item WHERE name = $1", name)
	statement := "DELETE FROM item WHERE 1 = 1"
	statement += " AND name = '" + name + "'"
	// ruleid: go-sql-injection-request
	if _, err := s.db.Exec(statement); err != nil {
		return
	}
}

func (s *store) byMany(w http.ResponseWriter, r *http.Request) {
	var b strings.Builder
	b.WriteString("SELECT * FROM item WHERE tag IN (")
	for _, tag := range r.Form["tag"] {
		b.WriteString("'" + tag + "',")
	}
	// ruleid: go-sql-injection-request
	s.db.Query(b.String())
	var c strings.Builder
	fmt.Fprintf(&c, "SELECT * FROM item WHERE tag = '%s'", mux.Vars(r)["tag"])
	// ruleid: go-sql-injection-request
	s.db.Query(c.String())
}

func (s *store) byBody(w http.ResponseWriter, r *http.Request) {
	var asked wish
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		return
	}
	// ruleid: go-sql-injection-request
	s.db.Query(fmt.Sprintf("SELECT * FROM wish WHERE label LIKE '%%%s%%'", asked.Label))
	// ok: go-sql-injection-request
	s.db.Query(fmt.Sprintf("SELECT * FROM wish WHERE id = %d", asked.ID))
}

func (s *store) byNumber(w http.ResponseWriter, r *http.Request) {
	raw := r.FormValue("id")
	id, err := strconv.Atoi(raw)
	if err != nil {
		return
	}
	// ok: go-sql-injection-request
	s.db.Query("SELECT * FROM item WHERE id = " + strconv.Itoa(id))
	// ok: go-sql-injection-request
	s.db.Query("SELECT * FROM item WHERE id = " + raw)
}

func (s *store) sorted(w http.ResponseWriter, r *http.Request) {
	column, known := sortColumns[r.FormValue("sort")]
	if !known {
		column = "name"
	}
	// ok: go-sql-injection-request
	s.db.Query("SELECT * FROM item ORDER BY " + column)
	direction := r.FormValue("direction")
	switch direction {
	case "asc", "desc":
	default:
		direction = "asc"
	}
	// ok: go-sql-injection-request
	s.db.Query("SELECT * FROM item ORDER BY name " + direction)
	// ok: go-sql-injection-request
	s.db.Query("SELECT * FROM item ORDER BY " + pq.QuoteIdentifier(r.FormValue("sort")))
}

func pgxItems(ctx context.Context, conn *pgx.Conn, c *gin.Context) {
	name := c.Query("name")
	// ruleid: go-sql-injection-request
	conn.Query(ctx, "SELECT * FROM item WHERE name = '"+name+"'")
	// ok: go-sql-injection-request
	conn.QueryRow(ctx, "SELECT * FROM item WHERE name = $1", name)
	// ok: go-sql-injection-request
	conn.QueryRow(ctx, "SELECT * FROM "+pgx.Identifier{name}.Sanitize())
}

func gormItems(db *gorm.DB, c *gin.Context) {
	var items []wish
	// ruleid: go-sql-injection-request
	db.Where("label = '" + c.Query("label") + "'").Find(&items)
	// ok: go-sql-injection-request
	db.Where("label = ?", c.Query("label")).Find(&items)
	// ok: go-sql-injection-request
	db.Where(&wish{Label: c.Query("label")}).Find(&items)
	// ok: go-sql-injection-request
	db.Where(map[string]interface{}{"label": c.Query("label")}).Find(&items)
	// ruleid: go-sql-injection-request
	db.Order(c.DefaultQuery("sort", "name")).Find(&items)
	// ruleid: go-sql-injection-request
	db.First(&items, c.Param("id"))
	// ruleid: go-sql-injection-request
	db.Raw(fmt.Sprintf("SELECT * FROM wish WHERE label = %q", c.PostForm("label"))).Scan(&items)
	var asked wish
	if err := c.ShouldBindJSON(&asked); err != nil {
		return
	}
	// ruleid: go-sql-injection-request
	db.Exec("UPDATE wish SET label = '" + asked.Label + "'")
}

func sqlxItems(db *sqlx.DB, c echo.Context) error {
	var items []wish
	label := c.QueryParam("label")
	// ruleid: go-sql-injection-request
	db.Select(&items, "SELECT * FROM wish WHERE label = '"+label+"'")
	// ok: go-sql-injection-request
	db.Select(&items, "SELECT * FROM wish WHERE label = ?", label)
	query, args, err := sqlx.In("SELECT * FROM wish WHERE label IN (?)", c.QueryParams()["label"])
	if err != nil {
		return err
	}
	// ok: go-sql-injection-request
	return db.Select(&items, db.Rebind(query), args...)
}

func built(db *sql.DB, c *fiber.Ctx) error {
	// ok: go-sql-injection-request
	text, args, err := sq.Select("*").From("wish").Where(sq.Eq{"label": c.Query("label")}).ToSql()
	if err != nil {
		return err
	}
	// ok: go-sql-injection-request
	_, err = db.Query(text, args...)
	// ruleid: go-sql-injection-request
	sq.Select("*").From("wish").OrderBy(c.Query("sort"))
	return err
}

func never(db *sql.DB, c *gin.Context) {
	label := c.Query("label")
	if 7*6 > 50 {
		// ok: go-sql-injection-request
		db.Query("SELECT * FROM wish WHERE label = '" + label + "'")
	}
	texts := map[string]string{"kept": "blue"}
	texts["asked"] = label
	// ok: go-sql-injection-request
	db.Query("SELECT * FROM wish WHERE label = '" + texts["kept"] + "'")
	// ruleid: go-sql-injection-request
	db.Query("SELECT * FROM wish WHERE label = '" + texts["asked"] + "'")
}
