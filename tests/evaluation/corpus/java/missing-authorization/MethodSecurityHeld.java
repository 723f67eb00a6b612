package com.northwind.methods;

import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configuration.WebSecurityCustomizer;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

public class MethodSecurityHeld {
    interface Accounts {
        void close(long id);

        void grant(String login, String role);
    }

    // case: vulnerable (nothing is asked of anybody)
    static class Backoffice {
        SecurityFilterChain chain(HttpSecurity http) throws Exception {
            return http.securityMatcher("/backoffice/**")
                    .authorizeHttpRequests(requests -> requests.anyRequest().permitAll())
                    .build();
        }
    }

    // case: safe (a role for everything)
    static class Office {
        SecurityFilterChain chain(HttpSecurity http) throws Exception {
            return http.securityMatcher("/office/**")
                    .authorizeHttpRequests(requests -> requests.anyRequest().hasAuthority("OFFICE"))
                    .build();
        }
    }

    // case: vulnerable (the expression lets everybody grant roles)
    @RestController
    static class Grants {
        private Accounts accounts;

        @PreAuthorize("permitAll()")
        @PostMapping("/admin/grants")
        public void grant(@RequestParam String login, @RequestParam String role) {
            accounts.grant(login, role);
        }
    }

    // case: safe (a role is asked for)
    @RestController
    static class Closing {
        private Accounts accounts;

        @PreAuthorize("hasRole('ADMIN')")
        @DeleteMapping("/admin/accounts/{id}")
        public void close(@PathVariable long id) {
            accounts.close(id);
        }
    }

    // case: vulnerable (the whole interface for administrators passes by the filters)
    static class Filters {
        WebSecurityCustomizer customizer() {
            return web -> web.ignoring().requestMatchers("/api/admin/**");
        }
    }

    // case: safe (pictures and styles pass by the filters)
    static class Assets {
        WebSecurityCustomizer customizer() {
            return web -> web.ignoring().requestMatchers("/images/**", "/css/**");
        }
    }
}
