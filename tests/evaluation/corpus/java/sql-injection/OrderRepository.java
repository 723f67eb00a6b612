package com.northwind.orders;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Enumeration;
import java.util.Set;
import javax.servlet.http.HttpServletRequest;
import javax.sql.DataSource;
import org.apache.commons.lang3.StringUtils;
import org.apache.commons.text.StringEscapeUtils;

public class OrderRepository {
    private static final String TABLE = "orders";
    private static final Set<String> COLUMNS = Set.of("id", "created_at", "total");
    private final DataSource dataSource;

    public OrderRepository(DataSource dataSource) {
        this.dataSource = dataSource;
    }

    private Connection open() throws SQLException {
        return dataSource.getConnection();
    }

    // case: vulnerable
    public boolean exists(HttpServletRequest request) throws SQLException {
        String sql = "SELECT 1 FROM orders WHERE reference = '" + request.getParameter("reference") + "'";
        try (Connection connection = open(); Statement statement = connection.createStatement()) {
            return statement.executeQuery(sql).next();
        }
    }

    // case: safe (bound parameter)
    public boolean known(HttpServletRequest request) throws SQLException {
        String sql = "SELECT 1 FROM orders WHERE reference = ?";
        try (Connection connection = open(); PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, request.getParameter("reference"));
            return statement.executeQuery().next();
        }
    }

    // case: vulnerable (prepared, but built by concatenation)
    public int cancel(HttpServletRequest request) throws SQLException {
        String reason = request.getParameter("reason");
        try (Connection connection = open()) {
            PreparedStatement statement = connection.prepareStatement(
                    "UPDATE orders SET state = 'CANCELLED', reason = '" + reason + "' WHERE id = ?");
            statement.setLong(1, Long.parseLong(request.getParameter("id")));
            return statement.executeUpdate();
        }
    }

    // case: safe (only names of the allow-list are sorted by)
    public ResultSet sorted(HttpServletRequest request, Connection connection) throws SQLException {
        String column = request.getParameter("sort");
        if (!COLUMNS.contains(column)) {
            column = "id";
        }
        return connection.createStatement().executeQuery("SELECT id, total FROM orders ORDER BY " + column);
    }

    // case: vulnerable (HTML escaping leaves the apostrophe as it is)
    public int note(HttpServletRequest request, Connection connection) throws SQLException {
        String note = StringEscapeUtils.escapeHtml4(request.getParameter("note"));
        Statement statement = connection.createStatement();
        return statement.executeUpdate("INSERT INTO notes (text) VALUES ('" + note + "')");
    }

    // case: safe (text became a number)
    public ResultSet page(HttpServletRequest request, Connection connection) throws SQLException {
        int page = Integer.parseInt(StringUtils.defaultIfBlank(request.getParameter("page"), "0"));
        String sql = "SELECT * FROM " + TABLE + " LIMIT 50 OFFSET " + (page * 50);
        return connection.createStatement().executeQuery(sql);
    }

    // case: vulnerable (header values by enumeration)
    public void audit(HttpServletRequest request, Connection connection) throws SQLException {
        Enumeration<String> hops = request.getHeaders("X-Forwarded-For");
        Statement batch = connection.createStatement();
        while (hops.hasMoreElements()) {
            batch.addBatch("INSERT INTO hops VALUES ('" + hops.nextElement() + "')");
        }
        batch.executeBatch();
    }

    // case: safe (the loop that would append the request's value never runs)
    public ResultSet latest(HttpServletRequest request, Connection connection) throws SQLException {
        StringBuilder sql = new StringBuilder("SELECT * FROM orders WHERE state = 'OPEN'");
        for (int i = 0; i < 0; i++) {
            sql.append(" AND customer = '").append(request.getParameter("customer")).append("'");
        }
        return connection.createStatement().executeQuery(sql.toString());
    }

    // case: vulnerable (value object in the same file hands the text on)
    public ResultSet byRegion(HttpServletRequest request, Connection connection) throws SQLException {
        Filter filter = new Filter();
        filter.setRegion(request.getParameter("region"));
        filter.setState("OPEN");
        String sql = String.format("SELECT * FROM %s WHERE region = '%s'", TABLE, filter.getRegion());
        return connection.createStatement().executeQuery(sql);
    }

    private static class Filter {
        private String region;
        private String state;

        String getRegion() {
            return region;
        }

        void setRegion(String region) {
            this.region = region;
        }

        String getState() {
            return state;
        }

        void setState(String state) {
            this.state = state;
        }
    }

    // case: safe (as many placeholders as values, values are bound)
    public ResultSet byIds(HttpServletRequest request, Connection connection) throws SQLException {
        String[] ids = request.getParameterValues("id");
        String marks = StringUtils.repeat("?", ",", ids.length);
        PreparedStatement statement = connection.prepareStatement("SELECT * FROM orders WHERE id IN (" + marks + ")");
        for (int i = 0; i < ids.length; i++) {
            statement.setString(i + 1, ids[i]);
        }
        return statement.executeQuery();
    }

    // case: safe (the second letter of a constant chooses the constant branch)
    public ResultSet archive(HttpServletRequest request, Connection connection) throws SQLException {
        String year;
        switch ("archive".charAt(1)) {
            case 'a':
                year = request.getParameter("year");
                break;
            case 'r':
                year = "2019";
                break;
            default:
                year = request.getParameter("fallback");
        }
        return connection.createStatement().executeQuery("SELECT * FROM orders_" + year);
    }

    // case: vulnerable (query string taken apart by hand)
    public ResultSet bySku(HttpServletRequest request) throws SQLException {
        String query = request.getQueryString();
        int start = query.indexOf("sku=") + "sku=".length();
        int end = query.indexOf('&', start);
        String sku = end < 0 ? query.substring(start) : query.substring(start, end);
        Connection connection = DriverManager.getConnection("jdbc:h2:mem:orders");
        return connection.prepareCall("SELECT * FROM stock WHERE sku LIKE '" + sku + "%'").executeQuery();
    }
}
