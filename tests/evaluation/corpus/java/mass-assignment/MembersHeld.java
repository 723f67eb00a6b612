package com.northwind.members;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import org.springframework.data.jpa.repository.JpaRepository;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.WebDataBinder;
import org.springframework.web.bind.annotation.InitBinder;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

public class MembersHeld {
    @Entity
    public static class Member {
        @Id
        public Long id;
        private String email;
        private String role;

        public String getEmail() {
            return email;
        }

        public void setEmail(String email) {
            this.email = email;
        }

        public String getRole() {
            return role;
        }

        public void setRole(String role) {
            this.role = role;
        }
    }

    record EmailChange(String email) {}

    interface Members extends JpaRepository<Member, Long> {}

    // case: vulnerable (the form is bound to the entity, its role too)
    @Controller
    static class Registration {
        private Members members;

        @PostMapping("/register")
        public String register(@ModelAttribute Member member) {
            members.save(member);
            return "redirect:/welcome";
        }
    }

    // case: safe (only one field may be bound)
    @Controller
    static class Enrolment {
        private Members members;

        @InitBinder
        void fields(WebDataBinder binder) {
            binder.setAllowedFields("email");
        }

        @PostMapping("/enrol")
        public String enrol(@ModelAttribute Member member) {
            members.save(member);
            return "redirect:/welcome";
        }
    }

    // case: vulnerable (the JSON body is the entity)
    @RestController
    static class Api {
        private Members members;

        @PutMapping("/api/members/{id}")
        public Member put(@PathVariable Long id, @RequestBody Member member) {
            member.id = id;
            return members.save(member);
        }
    }

    // case: safe (the JSON body is a record with one field)
    @RestController
    static class EmailApi {
        private Members members;

        @PutMapping("/api/members/{id}/email")
        public void put(@PathVariable Long id, @RequestBody EmailChange change) {
            Member member = members.findById(id).orElseThrow();
            member.setEmail(change.email());
            members.save(member);
        }
    }
}
