package com.northwind.clients;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.jdbc.DataSourceBuilder;
import org.springframework.boot.web.client.RestTemplateBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpHeaders;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.web.client.RestTemplate;

@Configuration
public class ClientsHeld {

    // case: vulnerable
    @Bean
    public javax.sql.DataSource dataSource() {
        return DataSourceBuilder.create()
                .url("jdbc:mysql://db.northwind.example/clients")
                .username("clients")
                .password("Harbour7#kite-Moss")
                .build();
    }

    // case: safe (a placeholder that the environment fills)
    @Bean
    public javax.sql.DataSource reporting(@Value("${reporting.password}") String password) {
        return DataSourceBuilder.create()
                .url("jdbc:mysql://db.northwind.example/reporting")
                .username("reporting")
                .password(password)
                .build();
    }

    // case: vulnerable (administrator of every installation)
    @Bean
    public InMemoryUserDetailsManager users(PasswordEncoder encoder) {
        return new InMemoryUserDetailsManager(
                User.withUsername("admin").password(encoder.encode("Nw-admin-2023")).roles("ADMIN").build());
    }

    // case: safe (name of a header, its value is asked of the vault)
    public HttpHeaders headers(java.util.function.UnaryOperator<String> vault) {
        HttpHeaders headers = new HttpHeaders();
        headers.set("X-Api-Key", vault.apply("clients/api-key"));
        return headers;
    }

    // case: vulnerable (basic authentication of a client)
    @Bean
    public RestTemplate billing(RestTemplateBuilder builder) {
        RestTemplateBuilder based = builder.rootUri("https://billing.northwind.example");
        return based.basicAuthentication("svc", "q8Lantern-Sable!").build();
    }

    // case: safe (a message about passwords is no password)
    public String hint(String password) {
        String passwordHint = "The password needs at least twelve letters";
        return password.length() < 12 ? passwordHint : "";
    }
}
