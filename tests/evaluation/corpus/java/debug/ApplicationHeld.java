package com.northwind.application;

import java.util.Map;
import java.util.Properties;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.http.ResponseEntity;
import org.springframework.security.config.annotation.web.configuration.EnableWebSecurity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

@SpringBootApplication
public class ApplicationHeld {

    // case: vulnerable (requests with their cookies are written to the log)
    @EnableWebSecurity(debug = true)
    static class Security {}

    // case: safe (debug is off by default)
    @EnableWebSecurity
    static class PortalSecurity {}

    // case: vulnerable (a stack trace in every error's answer)
    @RestControllerAdvice
    static class Advice {
        @ExceptionHandler(Exception.class)
        ResponseEntity<Map<String, String>> handle(Exception error) {
            return ResponseEntity.status(500).body(Map.of("trace", ExceptionUtils.getStackTrace(error)));
        }
    }

    // case: safe (a text that is written here)
    @RestControllerAdvice
    static class ApiAdvice {
        @ExceptionHandler(Exception.class)
        ResponseEntity<Map<String, String>> handle(Exception error) {
            org.slf4j.LoggerFactory.getLogger(ApiAdvice.class).error("unhandled", error);
            return ResponseEntity.status(500).body(Map.of("message", "internal error"));
        }
    }

    // case: vulnerable (Spring Boot adds the trace to each error)
    static void start(String[] arguments) {
        SpringApplication application = new SpringApplication(ApplicationHeld.class);
        Properties defaults = new Properties();
        defaults.setProperty("server.error.include-stacktrace", "always");
        application.setDefaultProperties(defaults);
        application.run(arguments);
    }

    // case: safe (Spring Boot keeps the trace to itself)
    static void launch(String[] arguments) {
        SpringApplication application = new SpringApplication(ApplicationHeld.class);
        Properties defaults = new Properties();
        defaults.setProperty("server.error.include-stacktrace", "never");
        defaults.setProperty("server.error.include-message", "never");
        application.setDefaultProperties(defaults);
        application.run(arguments);
    }
}
