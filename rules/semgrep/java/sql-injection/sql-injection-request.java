import java.sql.*;
import javax.persistence.EntityManager;
import javax.servlet.http.*;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.web.bind.annotation.*;

class Users {
    JdbcTemplate jdbcTemplate;
    EntityManager em;

    void find(HttpServletRequest request, Connection connection) throws SQLException {
        String name = request.getParameter("name");
        Statement statement = connection.createStatement();
        // ruleid: java-sql-injection-request
        statement.executeQuery("SELECT * FROM users WHERE name = '" + name + "'");
        String sql = String.format("SELECT * FROM users WHERE name = '%s'", name);
        // ruleid: java-sql-injection-request
        statement.execute(sql);
        StringBuilder text = new StringBuilder("SELECT * FROM users WHERE name = '");
        text.append(name);
        // ruleid: java-sql-injection-request
        connection.prepareStatement(text.toString());
        // ok: java-sql-injection-request
        PreparedStatement prepared = connection.prepareStatement("SELECT * FROM users WHERE name = ?");
        prepared.setString(1, name);
        // ok: java-sql-injection-request
        prepared.executeQuery();
        int id = Integer.parseInt(request.getParameter("id"));
        // ok: java-sql-injection-request
        statement.executeQuery("SELECT * FROM users WHERE id = " + id);
    }

    @GetMapping("/users/{name}")
    Object show(@PathVariable String name, @RequestParam Long id) {
        // ruleid: java-sql-injection-request
        em.createQuery("FROM User WHERE name = '" + name + "'");
        // ruleid: java-sql-injection-request
        jdbcTemplate.queryForList("SELECT * FROM users WHERE name = '" + name + "'");
        // ok: java-sql-injection-request
        jdbcTemplate.queryForList("SELECT * FROM users WHERE name = ?", name);
        // ok: java-sql-injection-request
        jdbcTemplate.queryForList("SELECT * FROM users WHERE id = " + id);
        // ok: java-sql-injection-request
        return em.createQuery("FROM User WHERE name = :name").setParameter("name", name);
    }

    ResultSet chained(HttpServletRequest request, java.sql.Statement statement) throws SQLException {
        StringBuilder text = new StringBuilder("SELECT * FROM users WHERE name = '");
        String name = request.getHeader("X-Name");
        text.append(name).append("'");
        // ruleid: java-sql-injection-request
        statement.executeQuery(text.toString());
        StringBuilder other = new StringBuilder("SELECT * FROM users");
        other.append(" WHERE name = ").append('?').append(" ORDER BY id");
        // ok: java-sql-injection-request
        return statement.executeQuery(other.toString());
    }

    ResultSet entries(HttpServletRequest request, Statement statement) throws SQLException {
        java.util.Map<String, String> values = new java.util.HashMap<>();
        values.put("fixed", "abc");
        values.put("asked", request.getParameter("name"));
        // ruleid: java-sql-injection-request
        statement.executeQuery("SELECT * FROM users WHERE name = '" + values.get("asked") + "'");
        int limit = 20;
        String order = limit * 2 > 10 ? "name" : request.getParameter("order");
        // ok: java-sql-injection-request
        statement.executeQuery("SELECT * FROM users ORDER BY " + order);
        String column = request.getParameter("column");
        if (!java.util.List.of("name", "age").contains(column)) {
            throw new IllegalArgumentException("column");
        }
        // ok: java-sql-injection-request
        statement.executeQuery("SELECT * FROM users ORDER BY " + column);
        // ok: java-sql-injection-request
        return statement.executeQuery("SELECT * FROM users WHERE name = '" + values.get("fixed") + "'");
    }
}
