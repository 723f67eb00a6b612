package com.northwind.connections;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import javax.crypto.spec.SecretKeySpec;
import javax.servlet.http.HttpServletRequest;

public class Connections {
    private static final String URL = "jdbc:postgresql://db.northwind.example/orders";
    private static final String PARAM_PASSWORD = "password";

    // case: vulnerable
    public Connection orders() throws SQLException {
        return DriverManager.getConnection(URL, "orders", "tR4-winter!lake-88");
    }

    // case: safe (from the environment)
    public Connection stock() throws SQLException {
        return DriverManager.getConnection(URL, "stock", System.getenv("STOCK_DB_PASSWORD"));
    }

    // case: vulnerable (key of a cipher)
    public SecretKeySpec key() {
        String key = "k9vQz2mP7xLw4RtB";
        return new SecretKeySpec(key.getBytes(StandardCharsets.UTF_8), "AES");
    }

    // case: safe (the text is the name of a form's field)
    public String submitted(HttpServletRequest request) {
        return request.getParameter(PARAM_PASSWORD);
    }

    // case: vulnerable (password of a key store)
    public KeyStore store() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = new FileInputStream("/etc/northwind/keys.p12")) {
            store.load(in, "ledger-Fox-4471".toCharArray());
        }
        return store;
    }

    // case: safe (from a file of settings)
    public Connection reports(Properties settings) throws SQLException {
        String password = settings.getProperty("reports.password");
        if (password == null || password.isEmpty()) {
            throw new IllegalStateException("reports.password is not set");
        }
        return DriverManager.getConnection(URL, settings.getProperty("reports.user"), password);
    }
}
