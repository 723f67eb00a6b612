package com.northwind.access;

import javax.annotation.security.DenyAll;
import javax.annotation.security.PermitAll;
import javax.annotation.security.RolesAllowed;
import javax.ws.rs.DELETE;
import javax.ws.rs.GET;
import javax.ws.rs.Path;
import javax.ws.rs.PathParam;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.web.SecurityFilterChain;

public class AccessRules {
    interface Users {
        void delete(long id);
    }

    // case: vulnerable (pages of administrators are for everybody)
    static class Shop {
        SecurityFilterChain chain(HttpSecurity http) throws Exception {
            http.authorizeHttpRequests(requests -> requests
                    .requestMatchers("/admin/**").permitAll()
                    .anyRequest().authenticated());
            return http.build();
        }
    }

    // case: safe (a few public pages, the rest needs a login)
    static class Portal {
        SecurityFilterChain chain(HttpSecurity http) throws Exception {
            http.authorizeHttpRequests(requests -> requests
                    .requestMatchers("/login", "/css/**", "/favicon.ico").permitAll()
                    .requestMatchers("/admin/**").hasRole("ADMIN")
                    .anyRequest().authenticated());
            return http.build();
        }
    }

    // case: vulnerable (JAX-RS: everybody may delete)
    @Path("/users")
    @RolesAllowed("admin")
    public static class UserResource {
        private Users users;

        @DELETE
        @Path("/{id}")
        @PermitAll
        public void remove(@PathParam("id") long id) {
            users.delete(id);
        }
    }

    // case: safe (JAX-RS: administrators only)
    @Path("/members")
    @DenyAll
    public static class MemberResource {
        private Users users;

        @DELETE
        @Path("/{id}")
        @RolesAllowed("admin")
        public void remove(@PathParam("id") long id) {
            users.delete(id);
        }
    }

    // case: safe (the state of the service is public on purpose)
    @Path("/health")
    public static class HealthResource {
        @GET
        @PermitAll
        public String health() {
            return "up";
        }
    }
}
