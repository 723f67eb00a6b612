package shop

import (
	"context"
	"database/sql"
	"fmt"
	"os"

	"github.com/lib/pq"
)

type repo struct {
	db *sql.DB
}

func (r *repo) find(ctx context.Context, name string) (*sql.Rows, error) {
	// ruleid: go-sql-injection-formatted
	return r.db.QueryContext(ctx, fmt.Sprintf("SELECT id FROM item WHERE name = '%s'", name))
}

func remove(db *sql.DB, name string) error {
	statement := "DELETE FROM item WHERE name = '" + name + "'"
	// ruleid: go-sql-injection-formatted
	_, err := db.Exec(statement)
	return err
}

func fromShell(db *sql.DB) {
	// ruleid: go-sql-injection-formatted
	db.Exec("DELETE FROM item WHERE name = '" + os.Args[1] + "'")
}

func byNumber(db *sql.DB, id int) (*sql.Rows, error) {
	// ok: go-sql-injection-formatted
	return db.Query(fmt.Sprintf("SELECT id FROM item WHERE id = %d", id))
}

func bound(db *sql.DB, name string) (*sql.Rows, error) {
	// ok: go-sql-injection-formatted
	return db.Query("SELECT id FROM item WHERE name = ?", name)
}

func ready(db *sql.DB, text string) (*sql.Rows, error) {
	// ok: go-sql-injection-formatted
	return db.Query(text)
}

func quoted(db *sql.DB, name string) (*sql.Rows, error) {
	// ok: go-sql-injection-formatted
	return db.Query("SELECT id FROM " + pq.QuoteIdentifier(name))
}
