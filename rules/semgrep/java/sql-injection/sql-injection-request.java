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
}
