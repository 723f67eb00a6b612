package com.northwind.shopweb;

import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configuration.WebSecurityConfigurerAdapter;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.annotation.web.reactive.EnableWebFluxSecurity;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.csrf.HttpSessionCsrfTokenRepository;
import org.springframework.security.web.server.SecurityWebFilterChain;

public class WebConfigurationHeld {

    // case: vulnerable (older style)
    @Configuration
    static class Shop extends WebSecurityConfigurerAdapter {
        @Override
        protected void configure(HttpSecurity http) throws Exception {
            http.authorizeRequests().antMatchers("/account/**").authenticated()
                    .and().formLogin().loginPage("/login")
                    .and().csrf().disable();
        }
    }

    // case: safe (older style, token in the session)
    @Configuration
    static class Account extends WebSecurityConfigurerAdapter {
        @Override
        protected void configure(HttpSecurity http) throws Exception {
            http.authorizeRequests().anyRequest().authenticated()
                    .and().formLogin()
                    .and().csrf().csrfTokenRepository(new HttpSessionCsrfTokenRepository());
        }
    }

    // case: vulnerable (method reference, sessions of forms)
    static class Admin {
        SecurityFilterChain chain(HttpSecurity http) throws Exception {
            return http.formLogin(form -> form.loginPage("/admin/login"))
                    .csrf(AbstractHttpConfigurer::disable)
                    .build();
        }
    }

    // case: vulnerable (reactive)
    @EnableWebFluxSecurity
    static class Reactive {
        SecurityWebFilterChain chain(ServerHttpSecurity http) {
            return http.formLogin(form -> form.loginPage("/login")).csrf(ServerHttpSecurity.CsrfSpec::disable).build();
        }
    }

    // case: safe (reactive, on by default; what is disabled is something else)
    @EnableWebFluxSecurity
    static class Portal {
        SecurityWebFilterChain chain(ServerHttpSecurity http) {
            return http.formLogin(form -> form.loginPage("/login"))
                    .httpBasic(ServerHttpSecurity.HttpBasicSpec::disable)
                    .build();
        }
    }

    // case: safe (one address of a payment provider, its requests carry a signature and no session)
    static class Payments {
        SecurityFilterChain chain(HttpSecurity http) throws Exception {
            return http.formLogin(form -> form.loginPage("/login"))
                    .csrf(csrf -> csrf.ignoringRequestMatchers("/hooks/payment"))
                    .build();
        }
    }
}
