package com.northwind.profile;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Map;
import javax.persistence.Entity;
import javax.persistence.EntityManager;
import javax.persistence.Id;
import javax.servlet.http.HttpServletRequest;
import org.apache.commons.beanutils.BeanUtils;

public class ProfileServlet {
    private final EntityManager entities;
    private final ObjectMapper mapper = new ObjectMapper();

    public ProfileServlet(EntityManager entities) {
        this.entities = entities;
    }

    @Entity
    public static class Account {
        @Id
        private Long id;
        private String nick;
        private boolean administrator;

        public String getNick() {
            return nick;
        }

        public void setNick(String nick) {
            this.nick = nick;
        }

        public boolean isAdministrator() {
            return administrator;
        }

        public void setAdministrator(boolean administrator) {
            this.administrator = administrator;
        }
    }

    public static class NickForm {
        public String nick;
    }

    // case: vulnerable (every parameter that has a setter)
    public void save(HttpServletRequest request, Account account) throws ReflectiveOperationException {
        BeanUtils.populate(account, request.getParameterMap());
        entities.merge(account);
    }

    // case: safe (one field is taken)
    public void rename(HttpServletRequest request, Account account) {
        account.setNick(request.getParameter("nick"));
        entities.merge(account);
    }

    // case: vulnerable (the body is written over the entity)
    public void patch(HttpServletRequest request, Account account) throws IOException {
        mapper.readerForUpdating(account).readValue(request.getInputStream());
        entities.merge(account);
    }

    // case: safe (the body has a class of its own with one field)
    public void update(HttpServletRequest request, Account account) throws IOException {
        NickForm form = mapper.readValue(request.getInputStream(), NickForm.class);
        account.setNick(form.nick);
        entities.merge(account);
    }

    // case: safe (a map with one key that is written here)
    public void single(HttpServletRequest request, Account account) throws ReflectiveOperationException {
        Map<String, String> values = Map.of("nick", request.getParameter("nick"));
        BeanUtils.populate(account, values);
        entities.merge(account);
    }
}
