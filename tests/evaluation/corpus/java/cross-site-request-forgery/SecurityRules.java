package com.northwind.web;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.csrf.CookieCsrfTokenRepository;

public class SecurityRules {

    // case: vulnerable (pages with forms and a session)
    @Configuration
    static class Forms {
        @Bean
        SecurityFilterChain chain(HttpSecurity http) throws Exception {
            http.csrf(csrf -> csrf.disable());
            http.authorizeHttpRequests(requests -> requests.anyRequest().authenticated());
            http.formLogin(Customizer.withDefaults());
            return http.build();
        }
    }

    // case: safe (on by default)
    @Configuration
    static class Account {
        @Bean
        SecurityFilterChain chain(HttpSecurity http) throws Exception {
            http.authorizeHttpRequests(requests -> requests.anyRequest().authenticated());
            http.formLogin(Customizer.withDefaults());
            return http.build();
        }
    }

    // case: vulnerable (every path is left out of the check)
    @Configuration
    static class Portal {
        @Bean
        SecurityFilterChain chain(HttpSecurity http) throws Exception {
            http.csrf(csrf -> csrf.ignoringRequestMatchers("/**"))
                    .formLogin(Customizer.withDefaults());
            return http.build();
        }
    }

    // case: safe (token in a cookie that the single page application sends back)
    @Configuration
    static class Spa {
        @Bean
        SecurityFilterChain chain(HttpSecurity http) throws Exception {
            http.csrf(csrf -> csrf.csrfTokenRepository(CookieCsrfTokenRepository.withHttpOnlyFalse()))
                    .formLogin(Customizer.withDefaults());
            return http.build();
        }
    }

    // case: safe (bearer tokens only, no session: a browser sends nothing by itself)
    @Configuration
    static class Api {
        @Bean
        SecurityFilterChain chain(HttpSecurity http) throws Exception {
            http.sessionManagement(session -> session.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
                    .oauth2ResourceServer(server -> server.jwt(Customizer.withDefaults()))
                    .csrf(csrf -> csrf.disable());
            return http.build();
        }
    }
}
