// Package search finds customers for the call centre; several drivers are in use.
package search

import (
	"bytes"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/Masterminds/squirrel"
	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jmoiron/sqlx"
	"github.com/labstack/echo/v4"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Customer is one row of the table.
type Customer struct {
	ID    uint
	Name  string
	City  string
	Email string
}

type desk struct {
	orm  *gorm.DB
	x    *sqlx.DB
	pool *pgxpool.Pool
}

type criteria struct {
	City  string `form:"city" json:"city" query:"city"`
	Order string `form:"order" json:"order" query:"order"`
}

var word = regexp.MustCompile(`^\w{1,30}$`)

func escapeQuotes(value string) string {
	return strings.ReplaceAll(value, `"`, `\"`)
}

// case: vulnerable
func (d *desk) find(c *gin.Context) {
	var found []Customer
	d.orm.Where("name LIKE '%" + c.Query("name") + "%'").Find(&found)
	c.JSON(http.StatusOK, found)
}

// case: safe (gorm binds the second argument)
func (d *desk) findNext(c *gin.Context) {
	var found []Customer
	d.orm.Where("name LIKE ?", "%"+c.Query("name")+"%").Find(&found)
	c.JSON(http.StatusOK, found)
}

// case: vulnerable (Raw with concatenation over several statements)
func (d *desk) exportAlt(c *gin.Context) {
	var wanted criteria
	if err := c.ShouldBindQuery(&wanted); err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	query := "SELECT * FROM customers"
	if wanted.City != "" {
		query = query + " WHERE city = '" + wanted.City + "'"
	}
	var found []Customer
	d.orm.Raw(query).Scan(&found)
	c.JSON(http.StatusOK, found)
}

// case: safe (named parameters)
func (d *desk) export(c *gin.Context) {
	var wanted criteria
	if err := c.ShouldBindQuery(&wanted); err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	var found []Customer
	d.orm.Raw("SELECT * FROM customers WHERE city = @city", map[string]interface{}{"city": wanted.City}).Scan(&found)
	c.JSON(http.StatusOK, found)
}

// case: vulnerable (Order takes SQL)
func (d *desk) orderedTwo(c echo.Context) error {
	wanted := new(criteria)
	if err := c.Bind(wanted); err != nil {
		return echo.ErrBadRequest
	}
	var found []Customer
	d.orm.Model(&Customer{}).Order(wanted.Order).Limit(50).Find(&found)
	return c.JSON(http.StatusOK, found)
}

// case: safe (the column is quoted by the library)
func (d *desk) ordered(c echo.Context) error {
	wanted := new(criteria)
	if err := c.Bind(wanted); err != nil {
		return echo.ErrBadRequest
	}
	var found []Customer
	column := clause.OrderByColumn{Column: clause.Column{Name: wanted.Order}, Desc: false}
	d.orm.Clauses(clause.OrderBy{Columns: []clause.OrderByColumn{column}}).Limit(50).Find(&found)
	return c.JSON(http.StatusOK, found)
}

// case: safe (only a bare word goes on)
func (d *desk) orderedV2(c echo.Context) error {
	order := c.QueryParam("order")
	if !word.MatchString(order) {
		return echo.ErrBadRequest
	}
	var found []Customer
	d.orm.Order(order).Limit(50).Find(&found)
	return c.JSON(http.StatusOK, found)
}

// case: vulnerable (sqlx; escaping double quotes is no help between single ones)
func (d *desk) mail(c *fiber.Ctx) error {
	address := escapeQuotes(c.Get("X-Customer-Mail"))
	var found []Customer
	if err := d.x.Select(&found, "SELECT * FROM customers WHERE email = '"+address+"'"); err != nil {
		return fiber.ErrInternalServerError
	}
	return c.JSON(found)
}

// case: safe (sqlx.In expands placeholders and binds)
func (d *desk) many(c *fiber.Ctx) error {
	names := strings.Split(c.Query("names"), ",")
	query, arguments, err := sqlx.In("SELECT * FROM customers WHERE name IN (?)", names)
	if err != nil {
		return fiber.ErrBadRequest
	}
	var found []Customer
	if err := d.x.Select(&found, d.x.Rebind(query), arguments...); err != nil {
		return fiber.ErrInternalServerError
	}
	return c.JSON(found)
}

// case: vulnerable (pgx; the text is built in a buffer)
func (d *desk) phone(w http.ResponseWriter, r *http.Request) {
	var query bytes.Buffer
	query.WriteString("SELECT name FROM customers WHERE phone LIKE '")
	query.WriteString(r.FormValue("prefix"))
	query.WriteString("%'")
	rows, err := d.pool.Query(r.Context(), query.String())
	if err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
		return
	}
	defer rows.Close()
}

// case: safe (pgx quotes the identifier, the value is bound)
func (d *desk) count(w http.ResponseWriter, r *http.Request) {
	column := pgx.Identifier{r.FormValue("column")}.Sanitize()
	row := d.pool.QueryRow(r.Context(), "SELECT count(*) FROM customers WHERE "+column+" = $1", r.FormValue("value"))
	var total int
	if err := row.Scan(&total); err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
	}
}

// case: safe (a UUID is parsed and written anew)
func (d *desk) one(w http.ResponseWriter, r *http.Request) {
	id, err := uuid.Parse(r.URL.Query().Get("id"))
	if err != nil {
		http.Error(w, "bad id", http.StatusBadRequest)
		return
	}
	var found Customer
	if err := d.x.Get(&found, "SELECT * FROM customers WHERE uid = '"+id.String()+"'"); err != nil {
		http.Error(w, "unknown", http.StatusNotFound)
	}
}

// case: vulnerable (squirrel: the predicate's text is concatenated)
func (d *desk) since(w http.ResponseWriter, r *http.Request) {
	builder := squirrel.Select("name").From("customers").Where("created_at > '" + r.FormValue("since") + "'")
	rows, err := builder.RunWith(d.x.DB).Query()
	if err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
		return
	}
	rows.Close()
}

// case: safe (squirrel: equality by a map)
func (d *desk) inCity(w http.ResponseWriter, r *http.Request) {
	builder := squirrel.Select("name").From("customers").Where(squirrel.Eq{"city": r.FormValue("city")})
	rows, err := builder.RunWith(d.x.DB).Query()
	if err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
		return
	}
	rows.Close()
}

// case: vulnerable (the list's element that is left is the tainted one)
func (d *desk) remove(w http.ResponseWriter, r *http.Request) {
	parts := []string{"active"}
	parts = append(parts, r.FormValue("group"), "archived")
	parts = parts[1:]
	if _, err := d.x.Exec("DELETE FROM customers WHERE grp = '" + parts[0] + "'"); err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
	}
}

// case: safe (the list's element that is left is a constant)
func (d *desk) retire(w http.ResponseWriter, r *http.Request) {
	parts := []string{"active"}
	parts = append(parts, r.FormValue("group"), "archived")
	parts = parts[1:]
	if _, err := d.x.Exec("DELETE FROM customers WHERE grp = '" + parts[1] + "'"); err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
	}
}

// case: vulnerable (the value survives the error's branch)
func (d *desk) merge(w http.ResponseWriter, r *http.Request) {
	target, err := wantedTable(r)
	if err != nil {
		target = "customers_default"
	}
	if _, err := d.x.ExecContext(r.Context(), "INSERT INTO "+target+" SELECT * FROM customers_import"); err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
	}
}

func wantedTable(r *http.Request) (string, error) {
	table := r.Header.Get("X-Target-Table")
	if table == "" {
		return "", errors.New("no table")
	}
	return table, nil
}

// case: vulnerable (an interface's method hands the value on)
func (d *desk) segment(w http.ResponseWriter, r *http.Request) {
	var from origin = queryOrigin{r}
	if _, err := d.x.Exec("UPDATE customers SET segment = '" + from.segment() + "'"); err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
	}
}

type origin interface{ segment() string }

type queryOrigin struct{ r *http.Request }

func (q queryOrigin) segment() string { return q.r.URL.Query().Get("segment") }

// case: safe (the type behind the interface gives a constant)
func (d *desk) segmentFor(w http.ResponseWriter, r *http.Request) {
	var from origin = steadyOrigin{r}
	if _, err := d.x.Exec("UPDATE customers SET segment = '" + from.segment() + "'"); err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
	}
}

type steadyOrigin struct{ r *http.Request }

func (s steadyOrigin) segment() string { return "retail" }

// case: safe (a prepared statement, its values are bound on execution)
func (d *desk) rename(w http.ResponseWriter, r *http.Request) {
	statement, err := d.x.PreparexContext(r.Context(), "UPDATE customers SET name = ? WHERE id = ?")
	if err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
		return
	}
	defer statement.Close()
	if _, err := statement.Exec(r.FormValue("name"), r.FormValue("id")); err != nil {
		http.Error(w, "try again", http.StatusInternalServerError)
	}
}
