import java.sql.*;

class Store {
    ResultSet find(Statement statement, String name) throws SQLException {
        // ruleid: java-sql-injection-formatted
        return statement.executeQuery("SELECT * FROM users WHERE name = '" + name + "'");
    }

    ResultSet search(Connection connection, String name, int age) throws SQLException {
        String sql = "SELECT * FROM users WHERE name = '" + name + "'";
        // ruleid: java-sql-injection-formatted
        connection.createStatement().executeQuery(sql);
        // ok: java-sql-injection-formatted
        connection.createStatement().executeQuery("SELECT * FROM users WHERE age = " + age);
        // ok: java-sql-injection-formatted
        PreparedStatement prepared = connection.prepareStatement("SELECT * FROM users WHERE name = ?");
        prepared.setString(1, name);
        // ok: java-sql-injection-formatted
        return prepared.executeQuery();
    }

    ResultSet run(Statement statement, String sql) throws SQLException {
        // ok: java-sql-injection-formatted
        return statement.executeQuery(sql);
    }
}
