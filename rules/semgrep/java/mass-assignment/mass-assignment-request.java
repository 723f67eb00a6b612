import javax.servlet.http.HttpServletRequest;
import org.apache.commons.beanutils.BeanUtils;

class Profile {
    void save(HttpServletRequest request, Account account) throws Exception {
        // ruleid: java-mass-assignment-request
        BeanUtils.populate(account, request.getParameterMap());
        // ruleid: java-mass-assignment-request
        mapper.readerForUpdating(account).readValue(request.getReader());
        // ok: java-mass-assignment-request
        account.setNick(request.getParameter("nick"));
        ServletRequestDataBinder binder = new ServletRequestDataBinder(account);
        binder.setAllowedFields("nick");
        // ok: java-mass-assignment-request
        binder.bind(request);
    }

    void bindAll(HttpServletRequest request, Account account) {
        ServletRequestDataBinder binder = new ServletRequestDataBinder(account);
        // ruleid: java-mass-assignment-request
        binder.bind(request);
    }
}
