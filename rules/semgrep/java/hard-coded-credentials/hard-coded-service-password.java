import java.sql.DriverManager;

class Connect {
    void connect(HikariDataSource dataSource) throws Exception {
        // ruleid: java-hard-coded-service-password
        DriverManager.getConnection("jdbc:postgresql://db/app", "app", "Winter2024!");
        // ruleid: java-hard-coded-service-password
        dataSource.setPassword("Winter2024!");
        // ok: java-hard-coded-service-password
        DriverManager.getConnection("jdbc:postgresql://db/app", "app", System.getenv("DB_PASSWORD"));
        // ok: java-hard-coded-service-password
        DriverManager.getConnection("jdbc:h2:mem:test", "sa", "");
    }
}
