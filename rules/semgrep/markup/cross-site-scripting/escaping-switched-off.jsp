<%@ taglib prefix="s" uri="/struts-tags" %>
<!-- ruleid: markup-escaping-switched-off -->
<s:property value="comment" escapeHtml="false"/>
<!-- ok: markup-escaping-switched-off -->
<s:property value="comment"/>
